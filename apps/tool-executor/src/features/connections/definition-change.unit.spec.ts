import { upstreamSettingsSchema, type UpstreamDefinition } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { definitionChange, differences } from './definition-change.js';

const server = (name: string, settings: object = {}, url = 'http://h/mcp'): UpstreamDefinition => ({
  name,
  target: { kind: 'http', url, headers: {} },
  settings: upstreamSettingsSchema.parse(settings),
  source: 'spec',
});

describe('another definition of a server', () => {
  it.each([
    ['none', {}, 'http://h/mcp'],
    ['adjusted', { deadlineMs: 5 }, 'http://h/mcp'],
    ['adjusted', { trusted: true, tools: { a: { class: 'read' } }, dependsOn: ['b'] }, 'http://h/mcp'],
    ['replaced', {}, 'http://other/mcp'],
    ['replaced', { pool: { max: 2 } }, 'http://h/mcp'],
    ['replaced', { connectTimeoutMs: 7 }, 'http://h/mcp'],
  ])('is %s with %o at %s', (change, settings, url) => {
    expect(definitionChange(server('s'), server('s', settings, url))).toBe(change);
  });
});

describe('two sets of servers', () => {
  it('differ in what is new, adjusted, replaced and gone', () => {
    const before = [server('same'), server('slow'), server('moved'), server('gone')];
    const after = [
      server('new'),
      server('moved', {}, 'http://other/mcp'),
      server('slow', { deadlineMs: 9 }),
      server('same'),
    ];
    expect(differences(before, after)).toEqual({
      added: ['new'],
      adjusted: ['slow'],
      replaced: ['moved'],
      removed: ['gone'],
    });
  });
});
