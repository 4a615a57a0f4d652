import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const RUN_PROCESS = new URL('../../dist/process/run-process.js', import.meta.url).href;

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-process-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a body as `runProcess` does in production; what it prints on standard output is its account. */
function run(
  body: string,
  { env = {}, args = [], through = [] }: { env?: Record<string, string>; args?: string[]; through?: string[] } = {},
) {
  const script = `import { runProcess } from ${JSON.stringify(RUN_PROCESS)};
    const say = (text) => process.stdout.write(text + '\\n');
    await runProcess(async ({ config, shutdown, logger }) => { setInterval(() => {}, 1000); ${body} });`;
  const [command, ...rest] = [
    ...through,
    process.execPath,
    '--input-type=module',
    '-e',
    script,
    '--',
    'main.js',
    ...args,
  ];
  const child = spawn(command!, rest, {
    env: { PATH: process.env.PATH, SIGNALBOX_DATA: folder, ...env },
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk));
  const until = async (text: string): Promise<void> => {
    while (!out.includes(text)) await once(child.stdout, 'data');
  };
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, out: out.trim().split('\n'), err }));
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), until, ended };
}

function configFile(content: object): string {
  const path = join(folder, 'signalbox.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const TWO = `
  shutdown.add('first', async () => say('first ends'));
  shutdown.add('second', async () => say('second ends'));
  say('up');`;
const HANGS = `shutdown.add('hangs', () => new Promise(() => say('stopping'))); say('up');`;

describe('runProcess', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('on %s ends everything in reverse order and exits with 0', async (signal) => {
    const child = run(TWO);
    await child.until('up');
    child.kill(signal);
    const { code, out } = await child.ended;
    expect([code, out]).toEqual([0, ['up', 'second ends', 'first ends']]);
  });

  it('takes a signal that npm passes on beside the terminal as the same wish', async () => {
    const child = run(
      `shutdown.add('slow', async () => { say('begins'); await new Promise((r) => setTimeout(r, 300)); say('ends'); }); say('up');`,
    );
    await child.until('up');
    child.kill('SIGINT');
    await child.until('begins');
    child.kill('SIGINT');
    const { code, out } = await child.ended;
    expect([code, out.at(-1)]).toEqual([0, 'ends']);
  });

  it('exits at once on a second signal', async () => {
    const child = run(HANGS);
    await child.until('up');
    child.kill('SIGINT');
    await child.until('stopping');
    // longer than what counts as the same wish
    await delay(1050);
    child.kill('SIGINT');
    expect((await child.ended).code).toBe(130);
  });

  it('exits with 1 and a name when something does not end within the drain time', async () => {
    const path = configFile({ signalbox: { shutdown: { drainMs: 50 } } });
    const child = run(HANGS, { args: ['--config', path] });
    await child.until('up');
    child.kill('SIGTERM');
    const { code, err } = await child.ended;
    expect(code).toBe(1);
    expect(err).toMatch(/"unfinished":\["hangs"\].*not stopped within 50 ms/);
  });

  it('ends everything when the shell that npm started it through is killed', async () => {
    const child = run(TWO, { env: { npm_lifecycle_event: 'start' }, through: ['sh', '-c', '"$0" "$@"; :'] });
    await child.until('up');
    child.kill('SIGKILL');
    const { out, err } = await child.ended;
    expect(out).toEqual(['up', 'second ends', 'first ends']);
    expect(err).toContain('npm has ended');
  });

  it('ends what was begun when the start fails', async () => {
    const { code, out, err } = await run(`${TWO} throw new Error('no luck');`).ended;
    expect([code, out]).toEqual([1, ['up', 'second ends', 'first ends']]);
    expect(err).toContain('no luck');
  });

  it.each(["setImmediate(() => { throw new Error('oops'); })", "void Promise.reject(new Error('oops'))"])(
    'logs an uncaught error, ends everything and exits with 1: %s',
    async (crash) => {
      const { code, out, err } = await run(`${TWO} ${crash};`).ended;
      expect([code, out]).toEqual([1, ['up', 'second ends', 'first ends']]);
      const line = JSON.parse(err.trim().split('\n')[0]!) as { level: string; err: { message: string } };
      expect([line.level, line.err.message]).toEqual(['fatal', 'oops']);
    },
  );

  it('says in plain words what is wrong with the configuration, and starts nothing', async () => {
    const { code, out, err } = await run(TWO, { env: { SIGNALBOX_PORT_BASE: 'x', SIGNALBOX_PROFILE: 'y' } }).ended;
    expect([code, out]).toEqual([1, ['']]);
    expect(err.trim().split('\n')).toEqual([
      expect.stringMatching(/^SIGNALBOX_PROFILE: must be one of/),
      expect.stringMatching(/^SIGNALBOX_PORT_BASE: must be a whole number/),
    ]);
  });

  it('logs problems of single entries and starts', async () => {
    const path = configFile({ mcpServers: { bad: { url: 'x' } } });
    const child = run(TWO, { args: ['--config', path] });
    await child.until('up');
    child.kill('SIGTERM');
    expect((await child.ended).err).toContain('"path":"mcpServers.bad.url"');
  });

  it('prints its usage', async () => {
    const { code, out } = await run(TWO, { args: ['--help'] }).ended;
    expect([code, out[0]]).toEqual([0, 'Usage: npm start -- [--config FILE]']);
  });
});
