import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Client } from 'undici';
import { checkLiteral, guardedLookup, type AllowList } from './address-guard.js';

export const LIMITS = {
  /** Of all hops together. */
  totalMs: 20_000,
  connectMs: 10_000,
  redirects: 5,
  /** Of the body, after decompression; more is cut off. */
  bodyBytes: 2 * 1024 * 1024,
  urlLength: 4096,
} as const;

/** Why a page could not be had, in words for whoever asked for it. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
}

export interface Page {
  /** Where the redirects ended. */
  readonly url: URL;
  readonly status: number;
  /** Media type and parameters as the server said them; empty when it said nothing. */
  readonly contentType: string;
  readonly body: Buffer;
  /** The body was longer than {@link LIMITS}.bodyBytes. */
  readonly truncated: boolean;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const HEADERS = {
  'user-agent': 'signalbox-server-fetch/0.1 (+https://modelcontextprotocol.io)',
  accept: 'text/html,application/xhtml+xml,text/*;q=0.9,application/json;q=0.9,application/xml;q=0.8,*/*;q=0.1',
  'accept-encoding': 'gzip, deflate, br',
};

/**
 * GETs a page over http or https, following redirects. Every hop is checked against private addresses unless it is allowed.
 * @throws FetchError, RefusedAddressError
 */
export async function httpGet(target: string, allow: AllowList, signal?: AbortSignal): Promise<Page> {
  const timeout = AbortSignal.timeout(LIMITS.totalMs);
  const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  let url = parseUrl(target);
  try {
    for (let hop = 0; hop <= LIMITS.redirects; hop++) {
      const answer = await getOnce(url, allow, ended);
      if (!(answer instanceof URL)) return answer;
      url = answer;
    }
  } catch (error) {
    if (timeout.aborted) throw new FetchError(`No complete answer from ${url.host} within ${LIMITS.totalMs / 1000} s`);
    throw error;
  }
  throw new FetchError(`More than ${LIMITS.redirects} redirects, the last to ${url.href}`);
}

/** One hop: the page, or where it redirects to. */
async function getOnce(url: URL, allow: AllowList, signal: AbortSignal): Promise<Page | URL> {
  const free = allow.has(url);
  if (!free) checkLiteral(url.hostname);
  const client = new Client(url.origin, {
    connect: { timeout: LIMITS.connectMs, ...(free ? {} : { lookup: guardedLookup }) },
    headersTimeout: LIMITS.totalMs,
    bodyTimeout: LIMITS.totalMs,
  });
  try {
    const response = await client.request({ method: 'GET', path: url.pathname + url.search, headers: HEADERS, signal });
    const header = (name: string): string => [response.headers[name] ?? ''].flat()[0] ?? '';
    const location = header('location');
    if (REDIRECTS.has(response.statusCode) && location !== '') return parseUrl(location, url);
    const { body, truncated } = await readBody(response.body, header('content-encoding'));
    return { url, status: response.statusCode, contentType: header('content-type'), body, truncated };
  } finally {
    // what is left of a redirect's or a cut body is not read
    await client.destroy();
  }
}

async function readBody(source: Readable, encoding: string): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(source, encoding.trim().toLowerCase()) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LIMITS.bodyBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, LIMITS.bodyBytes), truncated: size > LIMITS.bodyBytes };
}

function decoded(source: Readable, encoding: string): Readable {
  const decoders: Record<string, () => ReturnType<typeof createGunzip>> = {
    gzip: createGunzip,
    'x-gzip': createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
  };
  if (encoding === '' || encoding === 'identity') return source;
  const decoder = decoders[encoding];
  if (decoder === undefined)
    throw new FetchError(`The server uses the content encoding "${encoding}"; understood: gzip, deflate, br`);
  // an error of either end surfaces where the result is read
  return pipeline(source, decoder(), () => undefined);
}

function parseUrl(text: string, base?: URL): URL {
  if (text.length > LIMITS.urlLength) throw new FetchError(`The URL is longer than ${LIMITS.urlLength} characters`);
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new FetchError(`"${text}" is no URL; write it whole, such as https://example.org/page`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new FetchError(`${url.protocol}// cannot be fetched; allowed: http://, https://`);
  }
  if (url.username !== '' || url.password !== '')
    throw new FetchError('A URL with a user name or password is not fetched');
  return url;
}
