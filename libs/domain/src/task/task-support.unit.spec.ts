import { describe, expect, it } from 'vitest';
import { taskSupportOf } from './task-support.js';

describe('whether calls of a tool become tasks', () => {
  it.each([
    [undefined, 'auto'],
    [{ taskSupport: 'required' }, 'required'],
    [{ taskSupport: 'optional' }, 'optional'],
    [{ taskSupport: 'forbidden' }, 'forbidden'],
    [{ taskSupport: 'sometimes' }, 'auto'],
    [null, 'auto'],
  ])('is said by the tool: %j', (execution, support) => {
    expect(taskSupportOf({ name: 't', execution }, undefined)).toBe(support);
  });

  it('is said by the operator before', () => {
    const tools = { t: { task: 'forbidden' as const }, u: {} };
    expect(taskSupportOf({ name: 't', execution: { taskSupport: 'required' } }, { tools })).toBe('forbidden');
    expect(taskSupportOf({ name: 'u', execution: { taskSupport: 'required' } }, { tools })).toBe('required');
    expect(taskSupportOf({ name: 'constructor' }, { tools })).toBe('auto');
  });
});
