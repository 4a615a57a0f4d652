type Entry = Readonly<Record<string, unknown>>;

const URL_PARTS = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?([^#]*)/i;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
const LOOPBACK = new Set(['localhost', '[::1]']);

/**
 * What two entries of `mcpServers` have in common when they mean the same server: its URL or URLs, or its command with arguments,
 * folder and names of variables. Values of variables are left out, because they may be masked.
 */
export function targetKey(entry: Entry): string {
  const urls = urlsOf(entry).map(sameUrl);
  if (urls.length > 0) return `url ${urls.sort().join(' ')}`;
  const { command, args = [], cwd = '', env = {} } = entry;
  return `command ${JSON.stringify([command, args, cwd, Object.keys(env as object).sort()])}`;
}

/** Where an HTTP server is: one URL, or that of each of its instances; empty for a command. */
export function urlsOf({ url, urls, instances }: Entry): string[] {
  if (typeof url === 'string') return [url];
  if (Array.isArray(urls)) return urls.filter((one) => typeof one === 'string');
  if (!Array.isArray(instances)) return [];
  return instances.flatMap((one: { readonly url?: unknown } | null) => (typeof one?.url === 'string' ? [one.url] : []));
}

function sameUrl(url: string): string {
  const parts = URL_PARTS.exec(url);
  if (!parts) return url;
  const [, scheme, host, port, rest] = parts;
  const protocol = scheme!.toLowerCase();
  const name = host!.toLowerCase();
  const path = rest!.replace(/\/+(?=\?|$)/, '');
  return `${protocol}://${LOOPBACK.has(name) ? '127.0.0.1' : name}:${port ?? DEFAULT_PORTS[protocol]!}${path}`;
}
