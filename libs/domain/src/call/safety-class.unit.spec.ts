import { describe, expect, it } from 'vitest';
import { isQueued, safetyClassOf, withToolClass } from './safety-class.js';

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

describe('what an operator says by the API', () => {
  const configured = { tools: { read: { class: 'unsafe' as const } }, trusted: true };

  it('goes before the configuration, and before the server', () => {
    expect(safetyClassOf(reader, configured, { read: 'keyed' })).toBe('keyed');
    expect(safetyClassOf(reader, { tools: {}, trusted: true }, { read: 'unsafe' })).toBe('unsafe');
    expect(safetyClassOf(reader, configured, { other: 'keyed' })).toBe('unsafe');
  });

  it('is said of one tool, said anew, and taken back', () => {
    const said = withToolClass(withToolClass({}, 'a', 'read'), 'b', 'keyed');
    expect(said).toEqual({ a: 'read', b: 'keyed' });
    expect(withToolClass(said, 'a', 'unsafe')).toEqual({ a: 'unsafe', b: 'keyed' });
    expect(withToolClass(said, 'a', null)).toEqual({ b: 'keyed' });
    expect(withToolClass({}, 'a', null)).toEqual({});
  });

  it('may be said of a tool whose name every object has', () => {
    const said = withToolClass({}, '__proto__', 'read');
    expect(safetyClassOf({ name: '__proto__' }, undefined, said)).toBe('read');
    expect(safetyClassOf({ name: 'constructor' }, undefined, said)).toBe('unsafe');
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
