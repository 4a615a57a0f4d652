import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PAGE = `<!doctype html><html><head><title> A  page </title><style>p{}</style></head><body>
<nav><a href="/elsewhere">Menu</a></nav>
<main><h1>Points</h1><p>See <a href="/signal">the signal</a> and <a href="javascript:alert(1)">this</a>.</p>
<ul><li>one</li><li>two</li></ul><script>alert(1)</script></main><footer>end</footer></body></html>`;

let page: Server;
let refused: Server;
const client = new Client({ name: 'spec', version: '1' });
const base = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const answers: Record<string, RequestListener> = {
  '/page': (_req, res) => res.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE),
  '/gzip': (_req, res) =>
    res.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'gzip').end(gzipSync('squeezed')),
  '/bomb': (_req, res) =>
    res
      .setHeader('content-type', 'text/plain')
      .setHeader('content-encoding', 'gzip')
      .end(gzipSync(Buffer.alloc(50_000_000, 'a'))),
  '/latin': (_req, res) =>
    res.setHeader('content-type', 'text/plain; charset=iso-8859-1').end(Buffer.from([0x63, 0x61, 0x66, 0xe9])),
  '/png': (_req, res) => res.setHeader('content-type', 'image/png').end('x'),
  '/missing': (_req, res) => res.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here'),
  '/hop': (_req, res) => res.writeHead(302, { location: '/page' }).end(),
  '/loop': (_req, res) => res.writeHead(302, { location: '/loop' }).end(),
  '/to-private': (_req, res) => res.writeHead(302, { location: `${base(refused)}/secret` }).end(),
  '/to-file': (_req, res) => res.writeHead(302, { location: 'file:///etc/passwd' }).end(),
};

beforeAll(async () => {
  page = createServer((req, res) => (answers[req.url ?? ''] ?? answers['/missing']!)(req, res));
  refused = createServer((_req, res) => res.end('secret'));
  for (const server of [page, refused]) await once(server.listen(0, '127.0.0.1'), 'listening');
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL('../dist/main.js', import.meta.url))],
      env: { ...getDefaultEnvironment(), SIGNALBOX_FETCH_ALLOW: base(page).slice('http://'.length) },
    }),
  );
});
afterAll(async () => {
  await client.close();
  for (const server of [page, refused]) {
    server.close();
    server.closeAllConnections();
  }
});

const fetchPage = (url: string, rest: object = {}) =>
  client.callTool({ name: 'fetch_page', arguments: { url, ...rest } });
const textOf = (result: Awaited<ReturnType<typeof fetchPage>>) => (result.content as { text: string }[])[0]?.text;

describe('fetch_page', () => {
  it('turns a page into markdown: main part, absolute links, no scripts', async () => {
    const { structuredContent } = await fetchPage(`${base(page)}/page`);
    expect(structuredContent).toMatchObject({ title: 'A page', status: 200, url: `${base(page)}/page` });
    expect((structuredContent as { text: string }).text).toBe(
      `# Points\n\nSee [the signal](${base(page)}/signal) and this.\n\n-   one\n-   two`,
    );
  });

  it('returns the body as it came when asked', async () => {
    expect(await fetchPage(`${base(page)}/page`, { raw: true })).toMatchObject({ structuredContent: { text: PAGE } });
  });

  it('returns a part at a time', async () => {
    const first = await fetchPage(`${base(page)}/gzip`, { maxLength: 3 });
    expect(first.structuredContent).toMatchObject({ text: 'squ', nextIndex: 3, totalLength: 8 });
    const second = await fetchPage(`${base(page)}/gzip`, { startIndex: 3 });
    expect(second.structuredContent).toMatchObject({ text: 'eezed' });
    expect(second.structuredContent).not.toHaveProperty('nextIndex');
  });

  it('cuts off what is too large, after decompression', async () => {
    const { structuredContent } = await fetchPage(`${base(page)}/bomb`, { maxLength: 1 });
    expect(structuredContent).toMatchObject({ truncated: true, totalLength: 2 * 1024 * 1024 });
  });

  it('reads the declared charset', async () => {
    expect((await fetchPage(`${base(page)}/latin`)).structuredContent).toMatchObject({ text: 'café' });
  });

  it('follows redirects', async () => {
    expect((await fetchPage(`${base(page)}/hop`)).structuredContent).toMatchObject({ url: `${base(page)}/page` });
  });

  it.each([
    ['/missing', 'answered 404: nothing here'],
    ['/png', 'image/png, not text'],
    ['/loop', 'More than 5 redirects'],
    ['/to-private', 'Refused: 127.0.0.1 is no public address but loopback'],
    ['/to-file', 'file:// cannot be fetched; allowed: http://, https://'],
  ])('explains why %s is not fetched', async (path, message) => {
    const result = await fetchPage(base(page) + path);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain(message);
  });

  it.each([
    ['http://169.254.169.254/latest/meta-data', 'linkLocal'],
    ['http://[::ffff:10.0.0.1]/', 'ipv4Mapped'],
    ['http://user:secret@example.org/', 'user name or password'],
    ['not a url', 'is no URL'],
  ])('refuses %s', async (url, message) => {
    const result = await fetchPage(url);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain(message);
  });

  it('refuses a name that leads to this machine when it is resolved', async () => {
    const port = base(refused).split(':').at(-1);
    const result = await fetchPage(`http://localhost:${port}/`);
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/Refused: localhost \(.+\) is no public address but loopback/);
  });

  it('says which arguments it takes', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([['fetch_page', true]]);
    expect(Object.keys(tools[0]?.inputSchema.properties ?? {})).toEqual(['url', 'maxLength', 'startIndex', 'raw']);
  });
});
