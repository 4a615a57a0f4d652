import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventData } from '@signalbox/contracts';
import { joinCatalogue, type PendingParts } from '@signalbox/domain/server';
import { nodeTarget } from '@signalbox/testing/mcp-servers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';

type CatalogueChanged = EventData<'catalogue.changed'>;
let folder: string;
let executor: Harness | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalogues-'));
});
afterEach(async () => {
  await executor?.stop();
  executor = undefined;
  await rm(folder, { recursive: true });
});

/** A server with so many tools and resources; each call adds a resource and says so. */
async function serve(tools: number, resources: number): Promise<void> {
  const [script, more] = [join(folder, 'server.mjs'), join(folder, 'more')];
  await writeFile(more, '');
  await writeFile(
    script,
    `import { appendFileSync, readFileSync } from 'node:fs';
     import { createInterface } from 'node:readline';
     const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
     const tools = Array.from({ length: ${tools} }, (_, i) => ({ name: 't' + i, description: 'é'.repeat(500), inputSchema: { type: 'object' } }));
     // several processes serve the same documents
     const count = () => ${resources} + readFileSync(${JSON.stringify(more)}).length;
     createInterface({ input: process.stdin }).on('line', (line) => {
       const { id, method } = JSON.parse(line);
       const capabilities = { tools: {}, resources: { listChanged: true } };
       if (method === 'initialize') say({ id, result: { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 's', version: '1' } } });
       else if (method === 'tools/list') say({ id, result: { tools } });
       else if (method === 'resources/list') say({ id, result: { resources: Array.from({ length: count() }, (_, i) => ({ uri: 'doc://' + i, name: 'd' + i })) } });
       else if (method === 'tools/call') {
         appendFileSync(${JSON.stringify(more)}, '+');
         say({ method: 'notifications/resources/list_changed' });
         say({ id, result: { content: [] } });
       } else if (id !== undefined) say({ id, error: { code: -32601, message: 'no ' + method } });
     });`,
  );
  const settings = { pool: { min: 1, max: 1 } };
  executor = await Harness.start([definition('s', nodeTarget(script), settings as never)]);
}
const changes = async (): Promise<CatalogueChanged[]> =>
  (await executor!.events({ type: 'catalogue.changed' })).map(({ data }) => data as CatalogueChanged);

it('a short list of resources is in the log as it is', async () => {
  await serve(1, 50);
  await until(async () => expect(await changes()).toHaveLength(1));
  const [change] = await changes();
  expect(change!.resources).toHaveLength(50);
  expect(change).not.toHaveProperty('resourceList');
});

it('a long one is counted and hashed', async () => {
  await serve(1, 51);
  await until(async () => expect(await changes()).toHaveLength(1));
  expect(await changes()).toMatchObject([
    { resources: [], resourceList: { count: 51, hash: expect.stringMatching(/^[0-9a-f]{64}$/) } },
  ]);
});

it('a server with thousands of tools is told in parts that each fit into a commit', async () => {
  await serve(4_000, 0);
  await until(async () => expect((await executor!.events({ type: 'server.started' })).length).toBe(1));
  const parts = await changes();
  expect(parts.length).toBeGreaterThan(5);
  let pending: PendingParts = {};
  let whole: CatalogueChanged | undefined;
  for (const part of parts) ({ pending, whole } = { whole, ...joinCatalogue(pending, part) });
  expect(whole!.tools).toHaveLength(4_000);
  expect(Object.keys(whole!.definitionHashes)).toHaveLength(4_000);
  expect((await executor!.call('s', 't3999')).ok).toBe(true);
});

it('resources that change all the time make at most one event in a second, and the last change is told', async () => {
  await serve(1, 100);
  await until(async () => expect((await executor!.events({ type: 'server.started' })).length).toBe(1));
  const began = performance.now();
  for (let call = 0; call < 25; call++) {
    await executor!.call('s', 't0');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await until(async () => expect((await changes()).at(-1)!.resourceList!.count).toBe(125));
  const seconds = (performance.now() - began) / 1_000;
  expect((await changes()).length - 1).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
});
