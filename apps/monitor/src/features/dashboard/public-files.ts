import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

export interface PublicFile {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the files of one folder, by name. What is served is looked up among them, so no path of a request ever reaches
 * the file system.
 */
export async function readPublicFiles(folder: string): Promise<ReadonlyMap<string, PublicFile>> {
  const names = (await readdir(folder)).filter((name) => CONTENT_TYPES[extname(name)] !== undefined);
  const files = await Promise.all(
    names.map(async (name): Promise<[string, PublicFile]> => {
      const bytes = await readFile(join(folder, name));
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      return [name, { bytes, contentType: CONTENT_TYPES[extname(name)]!, etag }];
    }),
  );
  return new Map(files);
}
