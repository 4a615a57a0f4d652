export { ConfigError, describeProblem } from '@signalbox/ports';
