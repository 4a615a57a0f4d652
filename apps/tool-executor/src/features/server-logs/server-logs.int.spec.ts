import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definition, Harness, until } from '../../../test/harness.js';
import type { ServerLogAnswer } from './server-logs.controller.js';

/** Speaks to its standard error, and dies of a call. */
const SERVER = `
import { createInterface } from 'node:readline';
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
console.error('started with ' + process.env.API_TOKEN);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const serverInfo = { name: 'talking', version: '1' };
  if (method === 'initialize')
    return send({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo } });
  if (method === 'tools/list') return send({ id, result: { tools: [{ name: 'die', inputSchema: { type: 'object' } }] } });
  if (method !== 'tools/call') return send({ id, result: {} });
  console.error('dying of a call');
  process.exit(1);
});
`;

let folder: string;
let executor: Harness;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'server-logs-'));
  writeFileSync(join(folder, 'server.mjs'), SERVER);
  const target = {
    kind: 'stdio',
    command: process.execPath,
    args: [join(folder, 'server.mjs')],
    env: { API_TOKEN: 'not-to-be-seen-here' },
  } as const;
  executor = await Harness.start([definition('talking', target, { pool: { max: 1 } })]);
});
afterAll(async () => {
  await executor?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const logs = async (query = ''): Promise<ServerLogAnswer> =>
  (await request(executor.service.url).get(`/servers/talking/logs${query}`).expect(200)).body as ServerLogAnswer;

describe('GET /servers/:name/logs', () => {
  it('has what the server wrote, without the secrets that it was given, also after its end', async () => {
    await until(async () => expect((await logs()).lines.map(({ text }) => text)).toContain('started with ***'));
    expect(await logs()).toMatchObject({ server: 'talking', executor: 'tool-executor-1', transport: 'stdio' });
    await executor.call('talking', 'die');
    const { lines } = await until(async () => {
      const answer = await logs();
      expect(answer.lines.map(({ text }) => text)).toContain('dying of a call');
      return answer;
    });
    expect(JSON.stringify(lines)).not.toContain('not-to-be-seen-here');
    const [first] = lines;
    expect((await logs(`?after=${first!.n}`)).lines.some(({ n }) => n === first!.n)).toBe(false);
    expect((await logs('?limit=1')).lines).toHaveLength(1);
  });

  it('says which servers there are when there is none of that name', async () => {
    const answer = await request(executor.service.url).get('/servers/talkin/logs').expect(404);
    expect(answer.body.detail).toBe('no server is called talkin; did you mean talking?');
    await request(executor.service.url).get('/servers/talking/logs?limit=0').expect(400);
  });
});
