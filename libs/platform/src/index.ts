export { ConfigError, describeProblem } from './config/config-error.js';
export {
  loadConfig,
  prepareDefaults,
  SECTION_NAMES,
  type ConfigInput,
  type LoadedConfig,
} from './config/load-config.js';
export type { ProcessSettings } from './config/process-settings.js';
export { bindOf, localUrl, portOf, PROFILES, type Profile, type Settings } from './config/settings.js';
export { createPorts, type OpenPorts } from './ports/create-ports.js';
export { DataFolderInUseError, openDataFolder, type DataFolder } from './ports/data-folder.js';
export { createLogger } from './process/logger.js';
export { openPorts } from './process/open-ports.js';
export { runProcess, type ProcessScope } from './process/run-process.js';
export { runService } from './process/run-service.js';
export { Shutdown, type ShutdownReport } from './process/shutdown.js';
export { StartError } from './process/start-error.js';
export { prepareRelay } from './process/start-relay.js';
export { startOne } from './process/start-one.js';
export { VERSION } from './process/version.js';
