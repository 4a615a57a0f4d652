import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoredOAuthClientInformation, StoredOAuthTokens } from '@modelcontextprotocol/client';

/** What a client of OAuth keeps from one authorization to the next. */
export interface Kept {
  readonly tokens?: StoredOAuthTokens | undefined;
  /** Of a client that has registered itself. */
  readonly client?: StoredOAuthClientInformation | undefined;
}

export interface TokenStore {
  load(): Promise<Kept>;
  save(kept: Kept): Promise<void>;
}

/** Keeps nothing beyond the process. */
export class MemoryTokenStore implements TokenStore {
  #kept: Kept = {};

  load(): Promise<Kept> {
    return Promise.resolve(this.#kept);
  }

  save(kept: Kept): Promise<void> {
    this.#kept = kept;
    return Promise.resolve();
  }
}

/** A file that only its owner may read. Written aside and moved into its place, so that it is always whole. */
export class FileTokenStore implements TokenStore {
  constructor(private readonly path: string) {}

  /** @throws Error when the file is there and cannot be read, or is no JSON; its content is not in the message */
  async load(): Promise<Kept> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    try {
      return JSON.parse(text) as Kept;
    } catch {
      throw new Error(`${this.path} is no file of tokens: it is not JSON`);
    }
  }

  async save(kept: Kept): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const aside = `${this.path}.${randomUUID()}`;
    try {
      const file = await open(aside, 'wx', 0o600);
      try {
        await file.writeFile(JSON.stringify(kept));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, this.path);
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
  }
}
