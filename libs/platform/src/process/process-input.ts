import process from 'node:process';
import type { ConfigInput } from '../config/load-config.js';

/** What this process was started with; the only look that a command-line program takes at its surroundings. */
export function processInput(): ConfigInput {
  return { env: process.env, argv: process.argv.slice(2) };
}
