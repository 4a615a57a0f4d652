import { runSignalbox, toolsOf, type RunningSignalbox } from '@signalbox/testing';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const EXAMPLE = /```sh\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g;
const examples = [...readFileSync('docs/http-api.md', 'utf8').matchAll(EXAMPLE)].map(([, command, answer]) => ({
  command: command!.trim(),
  answer: JSON.parse(answer!) as unknown,
}));

/** `…` in an example stands for anything. */
function pattern(value: unknown): unknown {
  if (value === '…') return expect.anything();
  if (Array.isArray(value)) return value.map(pattern);
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([key, of]) => [key, pattern(of)])));
}

describe('docs/http-api.md', () => {
  let signalbox: RunningSignalbox;
  beforeAll(async () => {
    signalbox = await runSignalbox();
    await toolsOf(signalbox, 'everything');
  });
  afterAll(() => signalbox?.[Symbol.asyncDispose]());

  it('has examples', () => expect(examples.length).toBeGreaterThan(5));

  it.each(examples)('$command', async ({ command, answer }) => {
    const here = command.replace(
      /127\.0\.0\.1:300(\d)/g,
      (_, offset) => `127.0.0.1:${signalbox.portBase + Number(offset)}`,
    );
    // who reads the log may be a moment behind who writes it
    const answered = async (): Promise<unknown> => JSON.parse((await promisify(execFile)('bash', ['-c', here])).stdout);
    await expect.poll(answered, { timeout: 20_000 }).toEqual(pattern(answer));
  });
});
