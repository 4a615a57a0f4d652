import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig, prepareDefaults } from './load-config.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-defaults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = loadConfig({ env: { SIGNALBOX_DATA: folder }, argv: [] });
prepareDefaults(config);

async function withServer<T>(name: string, work: (client: Client) => Promise<T>): Promise<T> {
  const target = config.servers.find((server) => server.name === name)?.target;
  if (target?.kind !== 'stdio') throw new Error(`${name} is no stdio server`);
  const client = new Client({ name: 'spec', version: '1' });
  await client.connect(new StdioClientTransport({ command: target.command, args: [...target.args], stderr: 'ignore' }));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

describe('the default servers', () => {
  it.each(['filesystem', 'everything', 'fetch', 'sql'])(
    '%s starts, and has every tool whose safety class is set',
    async (name) => {
      const { tools } = await withServer(name, (client) => client.listTools());
      const classified = Object.keys(config.servers.find((server) => server.name === name)!.settings.tools);
      expect(classified.length).toBeGreaterThan(0);
      expect(tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(classified));
      const changing = tools.filter(({ annotations }) => annotations?.readOnlyHint === false).map((tool) => tool.name);
      expect(classified.filter((tool) => changing.includes(tool))).toEqual([]);
    },
  );

  it('filesystem sees its sandbox, and what is in it', async () => {
    const path = join(folder, 'sandbox', 'README.md');
    const read = await withServer('filesystem', (client) =>
      client.callTool({ name: 'read_text_file', arguments: { path } }),
    );
    expect(JSON.stringify(read.content)).toContain('filesystem server of Signalbox');
  });
});
