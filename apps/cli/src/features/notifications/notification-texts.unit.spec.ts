import { expect, it } from 'vitest';
import { notificationRows } from './notification-texts.js';

it('says of each channel what became of it there', () => {
  const deliveries = { ops: { state: 'owed', attempts: 3 }, log: { state: 'sent', attempts: 1 } };
  const raisedAt = '2026-01-01T00:00:00.000Z';
  expect(
    notificationRows([{ raisedAt, severity: 'critical', topic: 'server.failed', text: 'it has failed', deliveries }]),
  ).toEqual([[raisedAt, 'critical', 'server.failed', 'ops owed (3 tries), log sent', 'it has failed']]);
});
