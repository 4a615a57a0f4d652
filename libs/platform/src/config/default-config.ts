import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

type SafetyClass = 'read' | 'idempotent';
const classes = (as: SafetyClass, names: string): Record<string, { class: SafetyClass }> =>
  Object.fromEntries(names.split(' ').map((name) => [name, { class: as }]));

/**
 * The `mcpServers` of a Signalbox without a configuration file. Each server runs by this very Node from an installed
 * module, so that starting needs no network and no package manager.
 * @param sandbox folder that the filesystem server may read and write
 * @param database SQLite file of the SQL server
 */
export function defaultMcpServers(sandbox: string, database: string): Record<string, unknown> {
  const node = (packageName: string, ...args: string[]) => ({
    command: process.execPath,
    args: [binOf(packageName), ...args],
  });
  return {
    filesystem: {
      ...node('@modelcontextprotocol/server-filesystem', sandbox),
      signalbox: {
        tools: classes(
          'read',
          'read_file read_text_file read_media_file read_multiple_files list_directory list_directory_with_sizes directory_tree search_files get_file_info list_allowed_directories',
        ),
      },
    },
    everything: {
      ...node('@modelcontextprotocol/server-everything'),
      signalbox: {
        tools: classes(
          'read',
          'echo get-annotated-message get-env get-resource-links get-resource-reference get-structured-content get-sum get-tiny-image',
        ),
      },
    },
    fetch: { ...node('@signalbox/server-fetch'), signalbox: { tools: classes('read', 'fetch_page') } },
    sql: {
      ...node('@signalbox/server-sql', database),
      signalbox: { tools: classes('read', 'query list_tables describe_table') },
    },
  };
}

/** The file that a package's only command runs, wherever the package manager has put the package. */
function binOf(packageName: string): string {
  const folder = require.resolve
    .paths(packageName)
    ?.map((base) => join(base, packageName))
    .find((candidate) => readManifest(candidate) !== undefined);
  const bin = folder === undefined ? undefined : readManifest(folder)?.bin;
  const file = typeof bin === 'string' ? bin : Object.values(bin ?? {})[0];
  if (folder === undefined || file === undefined) {
    throw new Error(`${packageName} is not installed; run npm ci`);
  }
  return join(folder, file);
}

function readManifest(folder: string): { bin?: string | Record<string, string> } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin?: string | Record<string, string> };
  } catch {
    return undefined;
  }
}
