import { COMMON_VARIABLES, FACT_NAMES, TOPICS } from '@signalbox/domain/notification';
import { expect, it } from 'vitest';
import { expectDocument, readDocument, table } from './document.js';

const FILE = 'docs/notifications.md';

it('docs/notifications.md has every topic, as the code has it', async () => {
  const rows = Object.entries(TOPICS).map(([topic, { severity, when }]) => [`\`${topic}\``, severity, when]);
  await expectDocument(FILE, new Map([['topics', table(['topic', 'severity', 'told when'], rows)]]));
});

it('docs/notifications.md names what templates may say', () => {
  const text = readDocument(FILE);
  expect([...COMMON_VARIABLES, ...FACT_NAMES].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
