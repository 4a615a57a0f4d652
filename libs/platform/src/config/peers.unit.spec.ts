import { describe, expect, it } from 'vitest';
import { readServer } from './upstreams.js';

const suite = '01M89R5ECGVRYG0V47R2Q58NKZ';
const read = (entry: object) => readServer('east', entry, {}, 'test');
const url = 'http://east.example/mcp';

describe('a peer', () => {
  it.each([{}, { suite }])('is an HTTP server: %j', (peer) => {
    expect(read({ url, signalbox: { peer } })).toMatchObject({ settings: { peer }, target: { kind: 'http', url } });
  });

  it.each([
    ['a process', { command: 'node', signalbox: { peer: {} } }, 'mcpServers.east.signalbox.peer', '"url"'],
    [
      'several instances',
      { urls: [url, `${url}2`], signalbox: { peer: {} } },
      'mcpServers.east.signalbox.peer',
      'one "url"',
    ],
    ['the transport of 2024', { url, type: 'sse', signalbox: { peer: {} } }, 'mcpServers.east.signalbox.peer', 'sse'],
    ['a name of a suite', { url, signalbox: { peer: { suite: 'x' } } }, 'mcpServers.east.signalbox.peer.suite', '26'],
  ])('is not %s', (_what, entry, path, message) => {
    expect(read(entry)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });
});
