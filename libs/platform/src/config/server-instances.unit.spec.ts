import { describe, expect, it } from 'vitest';
import { readServer } from './upstreams.js';

const read = (entry: object, env: Record<string, string> = {}) => readServer('search', entry, env, 'spec');
const problem = (entry: object) => {
  const found = read(entry);
  return 'name' in found ? undefined : found.map(({ path, message }) => `${path}: ${message}`).join('\n');
};

describe('a server with several instances', () => {
  it('may list their URLs', () => {
    expect(read({ urls: ['http://a:1/mcp', 'http://b:1/mcp'] })).toMatchObject({
      target: {
        kind: 'http',
        url: 'http://a:1/mcp',
        instances: [
          { url: 'http://a:1/mcp', weight: 1, tags: [] },
          { url: 'http://b:1/mcp', weight: 1, tags: [] },
        ],
      },
    });
  });

  it('may say weights and tags, and have variables in their URLs', () => {
    const instances = [{ url: 'http://${HOST}/mcp', weight: 3, tags: ['big'] }, { url: 'http://b/mcp' }];
    expect(read({ instances }, { HOST: 'a' })).toMatchObject({
      target: { instances: [{ url: 'http://a/mcp', weight: 3, tags: ['big'] }, { weight: 1 }] },
    });
  });

  it.each([
    [{ url: 'http://a/', urls: ['http://b/'] }, /has both "url" and "urls"/],
    [{ command: 'x', instances: [{ url: 'http://b/' }] }, /has both "command" and "instances"/],
    [{ urls: [] }, /urls: /],
    [{ urls: ['ftp://a/'] }, /urls\[?\.?0\]?: /],
    [{ urls: ['http://a', 'http://a/'] }, /urls: has http:\/\/a\/ twice/],
    [{ instances: [{ url: 'http://a/', weight: 0 }] }, /instances.*weight: /],
    [{ instances: [{ url: 'http://a/', wieght: 2 }] }, /wieght/],
    [{ urls: ['http://a/'], signalbox: { balancing: { policy: 'random' } } }, /balancing\.policy: .*round-robin/],
    [{ urls: ['http://a/'], signalbox: { balancing: { hashBy: 'argument' } } }, /balancing\.argument: is missing/],
  ])('names what is wrong with %j', (entry, expected) => {
    expect(problem(entry)).toMatch(expected);
  });
});
