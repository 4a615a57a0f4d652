import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const client = new Client({ name: 'spec', version: '1' });
beforeAll(async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [main] }));
});
afterAll(() => client.close());

describe('the template server', () => {
  it('offers its tool with both schemas', async () => {
    const { tools } = await client.listTools();
    expect(tools).toHaveLength(1);
    expect(tools[0]).toMatchObject({ name: 'count_words', annotations: { readOnlyHint: true } });
    expect(tools[0]?.outputSchema).toBeDefined();
  });

  it.each([
    ['Points are set, signals are pulled.', undefined, 6],
    ['你好世界', 'zh', 2],
    ['', undefined, 0],
  ])('counts the words of %j', async (text, language, words) => {
    const result = await client.callTool({ name: 'count_words', arguments: { text, language } });
    expect(result.structuredContent).toEqual({ words });
  });

  it('says what it allows', async () => {
    const result = await client.callTool({ name: 'count_words', arguments: { text: 'x', language: 'zz' } });
    expect(result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: expect.stringContaining('BCP 47') }],
    });
  });
});
