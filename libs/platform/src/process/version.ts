import { readFileSync } from 'node:fs';

/** The version of Signalbox that runs. All packages of the repository carry the same. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
