import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { SERVER_NAME, upstreamEntrySchema } from './upstream-definition.js';

/** `path: message` of every problem, those inside the branches of the union included. */
function problemsOf(entry: unknown): string[] {
  const { error } = upstreamEntrySchema.safeParse(entry);
  const flatten = (issues: readonly z.core.$ZodIssue[]): string[] =>
    issues.flatMap((issue) => [
      `${issue.path.join('.')}: ${issue.message}`,
      ...(issue.code === 'invalid_union' ? issue.errors.flatMap(flatten) : []),
    ]);
  return flatten(error?.issues ?? []);
}

describe('an entry of mcpServers', () => {
  it('may be as MCP hosts write it, and gets our defaults', () => {
    expect(upstreamEntrySchema.parse({ command: 'npx', args: ['-y', 'server'], env: { KEY: 'v' } })).toEqual({
      command: 'npx',
      args: ['-y', 'server'],
      env: { KEY: 'v' },
      disabled: false,
      signalbox: {
        pool: {
          min: 1,
          acquireTimeoutMs: 10_000,
          idleTimeoutMs: 300_000,
          validateAfterMs: 30_000,
          share: 'principal',
        },
        deadlineMs: 60_000,
        connectTimeoutMs: 15_000,
        era: 'auto',
        dependsOn: [],
        health: {},
        trusted: false,
        tools: {},
      },
    });
  });

  it.each(['http', 'streamable-http', 'streamableHttp', undefined])('may be an HTTP server of type %j', (type) => {
    expect(upstreamEntrySchema.parse({ type, url: 'https://mcp.example.com/mcp' })).toMatchObject({ headers: {} });
  });

  it('may have keys of other hosts', () => {
    expect(upstreamEntrySchema.safeParse({ command: 'x', alwaysAllow: ['a'] }).success).toBe(true);
  });

  it.each([{}, { args: [] }, { command: '' }, null, 'npx server'])('needs a command or a url: %j', (entry) => {
    expect(problemsOf(entry).join('\n')).toMatch(/either "command".*or "url"|Too small/);
  });

  it.each([
    ['url', { url: 'ftp://example.com' }],
    ['url', { url: 'not a url' }],
    ['args', { command: 'x', args: 'y' }],
    ['env.KEY', { command: 'x', env: { KEY: 1 } }],
    ['signalbox.deadlineMs', { command: 'x', signalbox: { deadlineMs: -1 } }],
    ['signalbox.pool.max', { command: 'x', signalbox: { pool: { max: 0 } } }],
    ['signalbox.tools.rm.class', { command: 'x', signalbox: { tools: { rm: { class: 'harmless' } } } }],
  ])('names %s when it is wrong', (path, entry) => {
    expect(problemsOf(entry)).toEqual(expect.arrayContaining([expect.stringMatching(new RegExp(`^${path}: `))]));
  });

  it('refuses unknown settings of ours by name: they are typing errors', () => {
    expect(problemsOf({ command: 'x', signalbox: { deadline: 5 } }).join('\n')).toContain('"deadline"');
  });
});

describe('SERVER_NAME', () => {
  it.each(['files', 'a', 'My_Server-2', 'x'.repeat(40)])('allows %s', (name) => {
    expect(name).toMatch(SERVER_NAME);
  });

  it.each(['', '-a', '_a', 'a b', 'a.b', 'a/b', 'x'.repeat(41), 'ä'])('refuses %j', (name) => {
    expect(name).not.toMatch(SERVER_NAME);
  });
});
