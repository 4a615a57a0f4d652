export { CHECKS } from './services.js';
export { launch } from './launch.js';
export { startSuite } from './start-suite.js';
