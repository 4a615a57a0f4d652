import { describe, expect, it } from 'vitest';
import { definitionOf } from './definition.js';
import { logLine, serverRows } from './server-texts.js';

describe('a definition', () => {
  it('is a command with its arguments, or a URL', () => {
    expect(definitionOf(['npx', '-y', 'x'], { env: ['A=b=c'], cwd: '/srv' })).toEqual({
      ...{ command: 'npx', args: ['-y', 'x'], env: { A: 'b=c' }, cwd: '/srv' },
    });
    expect(definitionOf(['https://a/mcp'], { header: ['X=${Y}'], dependsOn: ['db'], deadline: 1.5 })).toEqual({
      ...{ url: 'https://a/mcp', headers: { X: '${Y}' }, signalbox: { dependsOn: ['db'], deadlineMs: 1500 } },
    });
  });

  it('may be given whole', () => {
    const definition = '{"command": "x", "signalbox": {"deadlineMs": 5}}';
    expect(definitionOf([], { definition, trusted: true })).toEqual({
      ...{ command: 'x', signalbox: { deadlineMs: 5, trusted: true } },
    });
  });

  it.each([
    [[], {}, 'What is the server?'],
    [['https://a', 'b'], {}, 'takes no arguments'],
    [['https://a'], { env: ['A=b'] }, '--env and --cwd'],
    [['node'], { header: ['A=b'] }, '--header is for'],
    [['node'], { definition: '{}' }, 'leave out'],
  ])('%j %j is refused', (target, options, message) => {
    expect(() => definitionOf(target, options)).toThrow(message);
  });
});

describe('texts', () => {
  it('say why a server does not run, and nothing of old errors of one that does', () => {
    const server = { name: 'a', transport: 'stdio', source: 'api', tools: [1, 2], restarts: 3 };
    const lastError = { error: 'died\nof it' };
    expect(serverRows([{ ...server, state: 'running', lastError }])[0]!.at(-1)).toBe('');
    expect(serverRows([{ ...server, state: 'failed', lastError }])).toEqual([
      ['a', 'failed', 'stdio', 2, 3, 'api', 'died of it'],
    ]);
    expect(serverRows([{ ...server, state: 'stopped', stoppedReason: 'was told' }])[0]!.at(-1)).toBe('was told');
  });

  it('name the executor where there are several', () => {
    expect(logLine({ n: 1, time: 't', pid: 7, text: 'x' }, 'e1', false)).toBe('t [7] x');
    expect(logLine({ n: 1, time: 't', text: 'x' }, 'e1', true)).toBe('t e1 x');
  });
});
