#!/usr/bin/env node
// Plain JavaScript that every Node reads: an older one is told what to do, rather than failing somewhere in a module.
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
const main = new URL('../dist/main.js', import.meta.url);
if (major < 24) {
  console.error(`signalbox: this is Node ${process.versions.node}, and 24 or later is needed.`);
  console.error('In the folder of Signalbox, "npm run signalbox -- …" takes the one that was installed with it.');
  process.exitCode = 2;
} else if (!existsSync(main)) {
  console.error('signalbox: it is not built yet; run "npm run build" in the folder of Signalbox.');
  process.exitCode = 2;
} else {
  await import(main.href);
}
