import { EVENTS } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { expectDocument, readDocument, rowsOf, table, writtenIn } from './document.js';

const FILE = 'docs/events.md';

/** When an event is appended is written by hand, in the document itself; all else of a row comes from the catalogue. */
describe('docs/events.md', () => {
  it('has every event type, as the catalogue has it', async () => {
    const rows = Object.values(EVENTS).map(({ type, title, version, owners }) => [
      `\`${type}\``,
      title,
      String(version),
      owners.join(', '),
      writtenIn(FILE, 'events', `\`${type}\``, 4),
    ]);
    const text = table(['type and routing key', 'class', 'version', 'owner', 'appended when'], rows);
    await expectDocument(FILE, new Map([['events', text]]));
  });

  it('says of each when it is appended', () => {
    const silent = rowsOf(readDocument(FILE)).filter((row) => row.some((cell) => cell === ''));
    expect(silent.map(([type]) => type)).toEqual([]);
  });
});
