import { newId } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { hashOfSecret, newSecret, provesSecret, readWireSessionId, writeWireSessionId } from './wire-session-id.js';

describe('the id of a session on the wire', () => {
  const whole = { home: 'gateway-1', id: newId(), secret: newSecret() };

  it('says where the session is in the log', () => {
    expect(readWireSessionId(writeWireSessionId(whole))).toEqual(whole);
  });

  it.each([
    '',
    'made-up',
    `${whole.id}-${whole.secret}`,
    `gateway-1.${whole.id}.short`,
    `-x.${whole.id}.${whole.secret}`,
    `a/b.${whole.id}.${whole.secret}`,
    `${'g'.repeat(64)}.${whole.id}.${whole.secret}`,
    `gateway-1.${whole.id}.${whole.secret} `,
  ])('%j is none', (text) => {
    expect(readWireSessionId(text)).toBeUndefined();
  });

  it('is proved by its secret only', () => {
    const hash = hashOfSecret(whole.secret);
    expect(hash).not.toContain(whole.secret);
    expect(provesSecret(whole.secret, hash)).toBe(true);
    expect(provesSecret(newSecret(), hash)).toBe(false);
    expect(provesSecret(whole.secret, '')).toBe(false);
  });
});
