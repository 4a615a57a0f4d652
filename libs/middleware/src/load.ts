import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Middleware, MiddlewareFactory, MiddlewareHost } from './api.js';
import { pathOf, type MiddlewareEntry } from './entry.js';
import { namePattern } from './method-pattern.js';

/** A middleware in its place. */
export interface Layer {
  readonly name: string;
  readonly middleware: Middleware;
  readonly matches: (method: string) => boolean;
  /** Milliseconds for each of its functions. */
  readonly timeoutMs: number;
}

export interface LoadOptions {
  /** Path of the configuration file; modules are relative to its folder, or without one to the working directory. */
  readonly configPath: string | undefined;
  readonly host: MiddlewareHost;
  /** Those that need no path, by name. */
  readonly builtIns: Readonly<Record<string, MiddlewareFactory>>;
}

const HOOKS = ['request', 'response', 'notification'] as const;

/**
 * Loads the middleware of one place, in the order in which requests meet it.
 * @throws Error that names the entry by its path and says what is wrong with its module or its options
 */
export async function loadMiddleware(entries: readonly MiddlewareEntry[], options: LoadOptions): Promise<Layer[]> {
  const placed = entries
    .map((entry, index) => ({ entry, path: pathOf([index]) }))
    .filter(({ entry }) => entry.enabled && entry.at === options.host.at)
    // the sort is stable: equal ones stay in the order of the file
    .sort((a, b) => a.entry.order - b.entry.order);
  const layers: Layer[] = [];
  for (const { entry, path } of placed) {
    const { name = entry.module, timeoutMs } = entry;
    const middleware = await make(entry, path, options);
    layers.push({ name, middleware, matches: namePattern(entry.methods), timeoutMs });
  }
  return layers;
}

async function make(entry: MiddlewareEntry, path: string, options: LoadOptions): Promise<Middleware> {
  const factory = entry.module.startsWith('signalbox:')
    ? builtIn(entry, path, options)
    : await imported(entry.module, path, options.configPath);
  let made: unknown;
  try {
    made = typeof factory === 'function' ? await factory(entry.options, options.host) : factory;
  } catch (error) {
    throw new Error(`${path}.${messageOf(error, entry.module)}`, { cause: error });
  }
  if (isMiddleware(made)) return made;
  throw new Error(`${path}.module: "${entry.module}" must make an object with a function ${HOOKS.join(', ')}`);
}

/** Built-in ones begin with the path of the option that is wrong. */
function messageOf(error: unknown, module: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith('options') ? message : `options: "${module}" refuses them: ${message}`;
}

function builtIn({ module }: MiddlewareEntry, path: string, { builtIns, host }: LoadOptions): MiddlewareFactory {
  if (Object.hasOwn(builtIns, module)) return builtIns[module]!;
  throw new Error(
    `${path}.module: "${module}" is not built into the ${host.at}; there are ${Object.keys(builtIns).join(', ')}`,
  );
}

async function imported(module: string, path: string, configPath: string | undefined): Promise<unknown> {
  const file = resolve(configPath === undefined ? '.' : dirname(configPath), module);
  if (!existsSync(file)) throw new Error(`${path}.module: "${file}" does not exist`);
  let exports: { readonly default?: unknown };
  try {
    exports = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (error) {
    throw new Error(`${path}.module: "${file}" cannot be loaded: ${String(error)}`, { cause: error });
  }
  if (typeof exports.default === 'function' || isMiddleware(exports.default)) return exports.default;
  throw new Error(
    `${path}.module: "${file}" needs a default export: a function (options, host) that returns a middleware, or a middleware`,
  );
}

function isMiddleware(value: unknown): value is Middleware {
  if (typeof value !== 'object' || value === null) return false;
  const hooks = HOOKS.filter((hook) => hook in value);
  return hooks.length > 0 && hooks.every((hook) => typeof (value as Record<string, unknown>)[hook] === 'function');
}
