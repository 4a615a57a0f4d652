// Adds the hashes of new golden files to the manifest. Files that are in it already are released: they never change.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const events = new URL('events/', import.meta.url);
const manifestFile = new URL('manifest.json', import.meta.url);
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));

for (const file of readdirSync(events).sort()) {
  const sha256 = createHash('sha256')
    .update(readFileSync(new URL(file, events)))
    .digest('hex');
  if (manifest[file] === undefined) {
    manifest[file] = sha256;
    console.log(`recorded ${file}`);
  } else if (manifest[file] !== sha256) {
    console.error(`${file} was released and has changed; restore it, and write a file for a new version instead`);
    process.exitCode = 1;
  }
}
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(manifestFile, `${JSON.stringify(sorted, null, 2)}\n`);
