import { EVENTS, isEventType, type EventType } from '@signalbox/contracts';
import type { Commit, CommitBody } from '@signalbox/ports';
import { decodeCommit } from '@signalbox/runtime';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const eventsFolder = new URL('events/', import.meta.url);
const files = readdirSync(eventsFolder).sort();
const textOf = (file: string): string => readFileSync(new URL(file, eventsFolder), 'utf8');
const manifest = JSON.parse(readFileSync(new URL('manifest.json', import.meta.url), 'utf8')) as Record<string, string>;

type StoredEvent = CommitBody['events'][number];
const storedIn = (file: string): StoredEvent => JSON.parse(textOf(file)) as StoredEvent;

/** `<type>.v<version>.json`, or `<type>.v<version>.<variant>.json` for what one example cannot show. */
const NAME = /^(?<type>[a-z_.]+?)\.v(?<version>\d+)(?:\.[a-z-]+)?\.json$/;
const versionOf = (file: string): string => file.replace(NAME, '$<type>.v$<version>');

const released = Object.values(EVENTS).flatMap(({ type, version }) =>
  Array.from({ length: version }, (_, index) => `${type}.v${index + 1}`),
);

/** The commit that such an event would have been stored in. */
function commitOf(event: StoredEvent): Commit {
  const metadata = { actor: 'golden-1', correlationId: 'golden' };
  const common = {
    stream: 'golden',
    firstVersion: 1,
    commitId: 'golden',
    time: '2026-01-01T00:00:00.000Z',
    ...metadata,
  };
  const body = JSON.stringify({ ...common, events: [event] } satisfies CommitBody);
  const copies = { partition: 'entity-0', position: 1, lastVersion: 1, types: [event.type] };
  return { ...common, ...copies, body, previousHash: '', hash: '' };
}

describe('golden files', () => {
  it('are there for every released version of every event type, and for nothing else', () => {
    expect([...new Set(files.map(versionOf))].sort()).toEqual(released.sort());
  });

  it('never change once they are recorded', () => {
    const actual = Object.fromEntries(
      files.map((file) => [file, createHash('sha256').update(textOf(file)).digest('hex')]),
    );
    expect(actual).toEqual(manifest);
  });

  it.each(files)('%s is of the type and version that its name says', (file) => {
    const { type, schemaVersion } = storedIn(file);
    expect(versionOf(file)).toBe(`${type}.v${schemaVersion}`);
  });

  it.each(files)('%s can be read as the newest version', (file) => {
    const stored = storedIn(file);
    const [event] = decodeCommit(commitOf(stored));
    expect(event).toMatchObject({ id: stored.id, type: stored.type });
    if (!isEventType(stored.type)) throw new Error(`${stored.type} is no event type any more`);
    const { version, schema } = EVENTS[stored.type];
    expect(event!.schemaVersion).toBe(version);
    const parsed = schema.safeParse(event!.data);
    expect(parsed.error?.issues ?? []).toEqual([]);
    // a field that the schema no longer names would be lost
    expect(parsed.data).toEqual(event!.data);
  });

  it.each(Object.keys(EVENTS) as EventType[])('the newest %s is shown with every field that its schema has', (type) => {
    const { schema, version } = EVENTS[type];
    const fields = Object.keys((schema as unknown as { shape: object }).shape);
    const examples = files.filter((file) => versionOf(file) === `${type}.v${version}`);
    const shown = new Set(examples.flatMap((file) => Object.keys(storedIn(file).data as object)));
    expect([...shown].sort()).toEqual(fields.sort());
  });
});
