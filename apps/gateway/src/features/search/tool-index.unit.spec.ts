import { createEvent, type RecordedEvent } from '@signalbox/contracts';
import { settableClock } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { Catalogue } from '../catalogue/catalogue.js';
import { ToolIndex } from './tool-index.js';

type Tool = { readonly name: string; readonly [field: string]: unknown };

function setUp() {
  const clock = settableClock(1_000_000);
  const catalogue = new Catalogue(
    {
      pageSize: 100,
      unavailableAfterMs: 1_000,
      graceMs: 60_000,
      defaultDeadlineMs: 1_000,
      defaultCaching: { ttlMs: 0, cacheScope: 'private' },
      settings: () => undefined,
    },
    clock,
  );
  const index = new ToolIndex();
  const offer = (server: string, tools: readonly Tool[]): void => {
    const data = { server, tools: [...tools], prompts: [], resources: [], resourceTemplates: [], definitionHashes: {} };
    const event = { ...createEvent('catalogue.changed', data), time: new Date(clock.now()).toISOString() };
    catalogue.apply([event as unknown as RecordedEvent]);
  };
  const find = (query: string, limit = 10, server?: string): string[] => {
    index.follow(catalogue.view());
    return index.search(query, limit, server).map(({ tool }) => tool.exposed);
  };
  return { catalogue, clock, index, offer, find };
}

const FILES = [
  { name: 'read_file', description: 'Reads a file from disk.', inputSchema: { properties: { path: {} } } },
  { name: 'listDirectory', description: 'Names what is in a folder.' },
];
const WEB = [
  {
    name: 'fetch',
    title: 'Fetch a page',
    description: 'Gets a web page as markdown.',
    inputSchema: { properties: { url: { description: 'Address of the page' } } },
  },
  { name: 'tianqi', description: '查询城市的天气预报' },
];

describe('a search', () => {
  it.each([
    ['read a file', 'files__read_file'],
    ['directory', 'files__listDirectory'],
    ['folder', 'files__listDirectory'],
    ['address', 'web__fetch'],
    ['markdwon', 'web__fetch'],
    ['direc', 'files__listDirectory'],
    ['files__read_file', 'files__read_file'],
    ['天气', 'web__tianqi'],
  ])('for %j finds %s first', (query, expected) => {
    const { offer, find } = setUp();
    offer('files', FILES);
    offer('web', WEB);
    expect(find(query)[0]).toBe(expected);
  });

  it('finds nothing for what is nowhere, no more than it may, and only at one server when it is named', () => {
    const { offer, find } = setUp();
    offer('files', FILES);
    offer('web', [...WEB, { name: 'read_page', description: 'Reads a page' }]);
    expect(find('zzzz')).toEqual([]);
    expect(find('reads page file', 1)).toHaveLength(1);
    expect(find('reads', 10, 'web')).toEqual(['web__read_page']);
  });

  it('is not thrown off by definitions of any form', () => {
    const { offer, find } = setUp();
    offer('odd', [
      { name: 'a', description: 7, inputSchema: { properties: [null] } },
      { name: 'b', title: null, inputSchema: 'text', annotations: { title: 'Wonderful' } },
    ]);
    expect(find('wonderful')).toEqual(['odd__b']);
  });
});

describe('the index', () => {
  it('follows the catalogue, touching only what is different', () => {
    const { catalogue, index, offer, find } = setUp();
    offer('files', FILES);
    offer('web', WEB);
    expect(index.follow(catalogue.view())).toBe(4);
    expect(index.follow(catalogue.view())).toBe(0);
    offer('more', [{ name: 'sum', description: 'Adds numbers.' }]);
    expect(index.follow(catalogue.view())).toBe(1);
    offer('more', [{ name: 'sum', description: 'Multiplies numbers.' }]);
    expect(index.follow(catalogue.view())).toBe(2);
    expect([find('adds'), find('multiplies')]).toEqual([[], ['more__sum']]);
    offer('more', []);
    expect(find('multiplies')).toEqual([]);
    expect(index.size).toBe(4);
  });
});
