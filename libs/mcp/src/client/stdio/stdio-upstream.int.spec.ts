import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceStdio, hasConformanceFixture, nodeTarget, packagedServer } from '@signalbox/testing/mcp-servers';
import { isAlive } from '@signalbox/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FULL_CLIENT_CAPABILITIES } from '../../initialize.js';
import { connectUpstream } from '../connect.js';
import { CancelledError, DeadlineError, UpstreamClosedError } from '../errors.js';
import type { ConnectOptions, Inbound, UpstreamConnection } from '../upstream.js';

const open: UpstreamConnection[] = [];
/** Long enough for a busy machine. */
const until = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
let folder: string;

async function connect(target: Parameters<typeof connectUpstream>[0], options: Partial<ConnectOptions> = {}) {
  const connection = await connectUpstream(target, {
    clientInfo: { name: 'spec', version: '1' },
    capabilities: FULL_CLIENT_CAPABILITIES,
    env: process.env,
    era: 'legacy',
    ...options,
  });
  open.push(connection);
  return connection;
}

const soon = (ms = 10_000) => ({ deadline: Date.now() + ms });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stdio-upstream-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await rm(folder, { recursive: true });
});

/** A server of a few lines, whose body answers `reply(id, result)` to parsed messages `m`. */
async function scripted(body: string, setup = ''): Promise<ReturnType<typeof nodeTarget>> {
  const path = join(folder, 'server.mjs');
  await writeFile(
    path,
    `import { createInterface } from 'node:readline';
     import { spawn } from 'node:child_process';
     const say = (text) => process.stdout.write(text + '\\n');
     const reply = (id, result) => say(JSON.stringify({ jsonrpc: '2.0', id, result }));
     ${setup}
     createInterface({ input: process.stdin }).on('line', (line) => {
       const m = JSON.parse(line);
       if (m.method === 'initialize') return reply(m.id, { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 's', version: '1' }, extra: 1 });
       ${body}
     });`,
  );
  return nodeTarget(path);
}

describe('a stdio server', () => {
  it('lists and calls tools of server-everything', async () => {
    const server = await connect(packagedServer('server-everything'));
    expect(server.initialize.serverInfo.name).toMatch(/everything/);
    const list = await server.request('tools/list', undefined, soon());
    expect(list).toHaveProperty('result.tools');
    const echo = await server.request('tools/call', { name: 'echo', arguments: { message: 'hi' } }, soon());
    expect(echo).toMatchObject({ result: { content: [{ type: 'text', text: 'Echo: hi' }] } });
    await server.ping(5_000);
  });

  it('reads a file through server-filesystem', async () => {
    await writeFile(join(folder, 'a.txt'), 'contents');
    const server = await connect(packagedServer('server-filesystem', [folder]), { capabilities: {} });
    const read = await server.request(
      'tools/call',
      { name: 'read_text_file', arguments: { path: join(folder, 'a.txt') } },
      soon(),
    );
    expect(read).toMatchObject({ result: { content: [{ text: 'contents' }] } });
  });

  it('gets its configured environment and harmless names only', async () => {
    const target = await scripted(`reply(m.id, process.env);`);
    const server = await connect(
      { ...target, env: { GIVEN: 'yes' } },
      { env: { PATH: process.env['PATH'], SECRET: 'no' } },
    );
    const { result } = (await server.request('env', undefined, soon())) as { result: Record<string, string> };
    expect(result).toMatchObject({ GIVEN: 'yes', PATH: process.env['PATH'] });
    expect(result).not.toHaveProperty('SECRET');
  });

  it('relays answers and errors verbatim, and what it says beside them', async () => {
    const target = await scripted(`
      if (m.method === 'fail') say(JSON.stringify({ jsonrpc: '2.0', id: m.id, error: { code: 42, message: 'no', data: { why: ['x'] } } }));
      if (m.method === 'shout') { say(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })); reply(m.id, {}); }`);
    const heard: Inbound[] = [];
    const server = await connect(target, { onMessage: (message) => heard.push(message) });
    expect(server.initialize['extra']).toBe(1);
    expect(await server.request('fail', {}, soon())).toEqual({
      error: { code: 42, message: 'no', data: { why: ['x'] } },
    });
    await server.request('shout', {}, soon());
    expect(heard.map(({ method }) => method)).toEqual(['notifications/tools/list_changed']);
  });

  it('carries on after lines that are not JSON-RPC, and reports the first', async () => {
    const target = await scripted(`say('debug: got ' + m.method); say('{}'); reply(m.id, 1);`, `say('starting up');`);
    const onWarning = vi.fn();
    const server = await connect(target, { onWarning });
    expect(await server.request('x', {}, soon())).toEqual({ result: 1 });
    expect(onWarning).toHaveBeenCalledTimes(1);
    expect(onWarning.mock.calls[0]![0]).toContain('starting up');
  });

  it('is told of a cancellation and of a deadline', async () => {
    const log = join(folder, 'log');
    const target = await scripted(
      `if (m.method.startsWith('notifications/cancelled')) appendFileSync(${JSON.stringify(log)}, JSON.stringify(m.params) + '\\n');`,
      `import { appendFileSync } from 'node:fs';`,
    );
    const server = await connect(target, { era: 'legacy' });
    const options = soon();
    const cancelled = server.request('slow', {}, options);
    server.cancel(options, 'user');
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    await expect(server.request('slow', {}, soon(60))).rejects.toBeInstanceOf(DeadlineError);
    const lines = () =>
      readFile(log, 'utf8').then((text) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    await until(async () => expect(await lines()).toHaveLength(2));
    expect((await lines())[0]).toEqual({ requestId: 2, reason: 'user' });
  });

  it('fails what was in flight when it dies, with its last words', async () => {
    const target = await scripted(`process.stderr.write('out of cheese'); setTimeout(() => process.exit(3), 20);`);
    const server = await connect(target);
    const error = await server.request('x', {}, soon()).catch((thrown: UpstreamClosedError) => thrown);
    if (!(error instanceof Error)) return expect.unreachable();
    expect(error).toBeInstanceOf(UpstreamClosedError);
    expect(error.message).toMatch(/exited with code 3.*out of cheese/s);
    expect(error.sent).toBe(true);
    expect(await server.closed).toEqual({ reason: error.message });
    await expect(server.request('x', {}, soon())).rejects.toMatchObject({ sent: false });
  });

  it('is killed with all of its group when it does not end by itself', async () => {
    const target = await scripted(
      `reply(m.id, child.pid);`,
      `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
       const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM",()=>{}); setInterval(()=>{},1000)']);`,
    );
    const server = await connect(target, { limits: { closeGraceMs: 200 } });
    const { result: grandchild } = (await server.request('pid', {}, soon())) as { result: number };
    expect(isAlive(grandchild) && isAlive(server.pid!)).toBe(true);
    await server.close();
    expect(isAlive(server.pid!)).toBe(false);
    await until(() => expect(isAlive(grandchild)).toBe(false));
  });

  it('takes its grandchildren with it when it crashes', async () => {
    const target = await scripted(
      `reply(m.id, child.pid); if (m.method === 'die') process.kill(process.pid, 'SIGKILL');`,
      `const child = spawn(process.execPath, ['-e', 'setInterval(()=>{},1000)']);`,
    );
    const server = await connect(target, { limits: { closeGraceMs: 200 } });
    const { result: grandchild } = (await server.request('pid', {}, soon())) as { result: number };
    await server.request('die', {}, soon()).catch(() => undefined);
    expect((await server.closed).reason).toContain('SIGKILL');
    await until(() => expect(isAlive(grandchild)).toBe(false));
  });

  it('is cut off when it writes a line without end', async () => {
    const target = await scripted(`say('x'.repeat(5000));`);
    const server = await connect(target, { limits: { maxLineBytes: 1000 } });
    await expect(server.request('x', {}, soon())).rejects.toThrow('a line of more than 1000 bytes');
    await server.closed;
  });

  it('says what is wrong when it cannot start', async () => {
    await expect(connect({ kind: 'stdio', command: '/no/such/program', args: [], env: {} })).rejects.toMatchObject({
      sent: false,
      message: expect.stringContaining('/no/such/program'),
    });
    const huge = nodeTarget('x.js', ['x'.repeat(3_000_000)]);
    await expect(connect(huge)).rejects.toMatchObject({ sent: false, message: expect.stringContaining('E2BIG') });
    const elsewhere = { ...nodeTarget('x.js'), cwd: '/no/such/folder' };
    await expect(connect(elsewhere)).rejects.toThrow('there is no folder /no/such/folder');
    await expect(connect(nodeTarget('/no/such/script.js'))).rejects.toThrow(/exited with code 1.*Cannot find module/s);
    await writeFile(join(folder, 'silent.mjs'), 'process.stdin.resume();');
    await expect(connect(nodeTarget(join(folder, 'silent.mjs')), { connectTimeoutMs: 100 })).rejects.toBeInstanceOf(
      DeadlineError,
    );
  });
});

describe.skipIf(!hasConformanceFixture())('the conformance fixture over stdio', () => {
  it('reports progress on the request, before its answer, with the caller’s token', async () => {
    const server = await connect(conformanceStdio());
    const heard: unknown[] = [];
    const outcome = await server.request(
      'tools/call',
      { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 'mine' } },
      { ...soon(), onMessage: (message) => heard.push(message.params) },
    );
    expect(outcome).toMatchObject({ result: { content: [{ text: 'progressToken=string' }] } });
    expect(heard).toMatchObject([0, 50, 100].map((progress) => ({ progressToken: 'mine', progress })));
  });

  it('samples: its request reaches the caller, the answer reaches it', async () => {
    const server = await connect(conformanceStdio());
    const outcome = await server.request(
      'tools/call',
      { name: 'test_sampling', arguments: { prompt: 'capital of France?' } },
      {
        ...soon(),
        onMessage: (message) => {
          if (!('id' in message)) return;
          expect(message.method).toBe('sampling/createMessage');
          const content = { type: 'text', text: 'Paris' };
          server.respond(message.id, { result: { role: 'assistant', content, model: 'm', stopReason: 'endTurn' } });
        },
      },
    );
    expect(outcome).toMatchObject({ result: { content: [{ text: 'LLM response: Paris' }] } });
  });
});
