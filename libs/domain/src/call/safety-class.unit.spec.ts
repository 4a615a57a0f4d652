import { describe, expect, it } from 'vitest';
import { isQueued, safetyClassOf } from './safety-class.js';

const reader = { name: 'read', annotations: { readOnlyHint: true } };

describe('safetyClassOf', () => {
  it('is unsafe when nobody says anything', () => {
    expect(safetyClassOf({ name: 'x' }, undefined)).toBe('unsafe');
    expect(safetyClassOf({ name: 'x' }, { tools: {}, trusted: true })).toBe('unsafe');
  });

  it('believes annotations of trusted servers only', () => {
    expect(safetyClassOf(reader, { tools: {}, trusted: false })).toBe('unsafe');
    expect(safetyClassOf(reader, { tools: {}, trusted: true })).toBe('read');
    const idempotent = { name: 'x', annotations: { idempotentHint: true } };
    expect(safetyClassOf(idempotent, { tools: {}, trusted: true })).toBe('idempotent');
  });

  it('knows no tool that an object has by itself', () => {
    expect(safetyClassOf({ name: 'constructor' }, { tools: {}, trusted: true })).toBe('unsafe');
  });

  it('puts the operator before the annotations', () => {
    expect(safetyClassOf(reader, { tools: { read: { class: 'keyed' } }, trusted: true })).toBe('keyed');
  });
});

describe('isQueued', () => {
  const wanting = (durability: 'ahead' | 'queued') => ({ tools: { t: { durability } }, trusted: false });

  it('lets reads go on, unless the operator wants them written ahead', () => {
    expect(isQueued('t', 'read', undefined)).toBe(true);
    expect(isQueued('t', 'read', wanting('ahead'))).toBe(false);
  });

  it('lets idempotent tools go on when the operator wants it, and others never', () => {
    expect(isQueued('t', 'idempotent', undefined)).toBe(false);
    expect(isQueued('t', 'idempotent', wanting('queued'))).toBe(true);
    expect(isQueued('t', 'keyed', wanting('queued'))).toBe(false);
    expect(isQueued('t', 'unsafe', wanting('queued'))).toBe(false);
  });
});
