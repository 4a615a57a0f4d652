export { SqliteReadModels, type SqliteReadModelsOptions } from './sqlite-read-models.js';
