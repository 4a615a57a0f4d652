import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { runCli } from '../../run-cli.js';

/** What the library prints goes to the console. */
async function complete(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const inspect = () => Promise.reject(new Error('not needed'));
  const code = await runCli({ env: {}, argv: ['complete', ...args], stdin, stdout, stderr, inspect });
  log.mockRestore();
  expect(code).toBe(0);
  return printed.join('\n');
}

it.each(['bash', 'zsh', 'fish'])('has a script for %s', async (shell) => {
  expect(await complete(shell)).toContain('signalbox');
});

it('knows the commands and their options', async () => {
  expect(await complete('--', 'servers', 're')).toMatch(/^remove\t[\s\S]*^restart\t/m);
  expect(await complete('--', 'servers', 'add', '--d')).toMatch(/--depends-on/);
});
