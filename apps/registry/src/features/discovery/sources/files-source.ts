import type { FoundServer } from '@signalbox/domain/discovery';
import { watch } from 'chokidar';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { DiscoveryConfig } from '../discovery-config.js';
import type { DiscoverySource, Findings } from '../source.js';

/** What of an entry counts here; hosts have keys of their own beside them. */
const KEYS = ['type', 'command', 'args', 'env', 'cwd', 'url', 'headers', 'auth', 'signalbox'];
const MAX_FILES = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** The `mcpServers` of a file, or of all `*.json` files of a folder. A file that cannot be read keeps what it said before. */
export class FilesSource implements DiscoverySource {
  readonly kind = 'files';
  readonly name: string;
  readonly where: string;
  /** Path → what its newest readable text had. */
  #known = new Map<string, readonly FoundServer[]>();
  readonly #settleMs: number;

  constructor({ name, path, settleMs }: DiscoveryConfig['files'][number]) {
    this.name = name;
    this.where = resolve(path);
    this.#settleMs = settleMs;
  }

  async find(signal: AbortSignal): Promise<Findings> {
    const known = new Map<string, readonly FoundServer[]>();
    const problems: string[] = [];
    let isPartial = false;
    for (const path of await this.#paths()) {
      signal.throwIfAborted();
      try {
        known.set(path, await serversOf(path, signal));
      } catch (error) {
        const before = this.#known.get(path);
        if (before) known.set(path, before);
        isPartial = true;
        problems.push(`${basename(path)}: ${(error as Error).message}${before ? '; what it said before counts' : ''}`);
      }
    }
    this.#known = known;
    if (isPartial && [...known.values()].flat().length === 0) throw new Error(problems.join('; '));
    return { found: [...known.values()].flat(), problems, isPartial };
  }

  watch(changed: () => void): () => Promise<void> {
    const awaitWriteFinish = this.#settleMs > 0 && { stabilityThreshold: this.#settleMs, pollInterval: 50 };
    const watcher = watch(this.where, { ignoreInitial: true, depth: 0, awaitWriteFinish });
    watcher.on('all', changed);
    // it is read at its turns all the same
    watcher.on('error', () => undefined);
    return () => watcher.close();
  }

  async #paths(): Promise<string[]> {
    if (!(await stat(this.where)).isDirectory()) return [this.where];
    const names = (await readdir(this.where)).filter((name) => name.endsWith('.json')).sort();
    if (names.length > MAX_FILES) throw new Error(`has ${names.length} files; at most ${MAX_FILES} are read`);
    return names.map((name) => join(this.where, name));
  }
}

async function serversOf(path: string, signal: AbortSignal): Promise<FoundServer[]> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new Error(`has ${size} bytes; at most ${MAX_BYTES} are read`);
  const text = await readFile(path, { encoding: 'utf8', signal });
  const document: unknown = JSON.parse(text);
  const servers = isObject(document) ? document['mcpServers'] : undefined;
  if (!isObject(servers)) throw new Error('has no object mcpServers');
  return Object.entries(servers).flatMap(([name, entry]) => {
    if (!isObject(entry)) throw new Error(`mcpServers.${name} is not an object`);
    return entry['disabled'] === true ? [] : [{ name, entry: known(entry) }];
  });
}

const known = (entry: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => KEYS.includes(key)));

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
