// Copies what a container needs to run from a built checkout: node collect.mjs FROM TO
import { cpSync, existsSync, globSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const [from, to] = process.argv.slice(2);
const manifests = globSync('{apps,libs,servers}/**/package.json', {
  cwd: from,
  exclude: (name) => basename(String(name)) === 'node_modules',
});
const isNeeded = (source) => !/\.(d\.ts|map|tsbuildinfo)$/.test(source);

for (const manifest of ['package.json', ...manifests]) {
  mkdirSync(join(to, dirname(manifest)), { recursive: true });
  cpSync(join(from, manifest), join(to, manifest));
  for (const folder of ['bin', 'dist', 'public', 'node_modules']) {
    const source = join(from, dirname(manifest), folder);
    if (!existsSync(source)) continue;
    const filter = folder === 'dist' ? isNeeded : undefined;
    cpSync(source, join(to, dirname(manifest), folder), { recursive: true, verbatimSymlinks: true, filter });
  }
}
