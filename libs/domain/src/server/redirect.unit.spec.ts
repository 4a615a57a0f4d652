import { describe, expect, it } from 'vitest';
import { UNBORN } from './lifecycle.js';
import { checkRedirect, planRedirect, redirectCycle, redirectRuleOf, type Redirectable } from './redirect.js';

const AT = Date.parse('2026-01-01T00:00:00.000Z');
const after = (ms: number) => new Date(AT + ms).toISOString();
const life = { ...UNBORN, exists: true };
const definition = {
  signalbox: { recovery: { strategy: 'redirect', redirectTo: 'b', redirectAfterMs: 1_000, wellForMs: 5_000 } },
};
const failed: Redirectable = {
  server: 'a',
  state: 'failed',
  life,
  definition,
  redirectTo: 'b',
  failedSince: after(0),
  lastError: { error: 'gone' },
};
const running = (server: string, upSince = after(0)): Redirectable => ({ server, state: 'running', life, upSince });
const plan = (view: Redirectable, others: Redirectable[], now: number) =>
  planRedirect(view, (name) => [view, ...others].find(({ server }) => server === name), AT + now);

describe('redirect', () => {
  it('begins when a server has failed for a while and its stand-in runs', () => {
    expect(plan(failed, [running('b')], 999)).toEqual({ kind: 'wait', until: AT + 1_000 });
    expect(plan(failed, [running('b')], 1_000)).toEqual({ kind: 'redirect', to: 'b', why: 'a has failed: gone' });
    expect(plan(failed, [{ ...running('b'), state: 'failed' }], 1_000)).toEqual({ kind: 'none' });
    expect(plan(failed, [], 1_000)).toEqual({ kind: 'none' });
    expect(plan({ ...failed, definition: {} }, [running('b')], 1_000)).toEqual({ kind: 'none' });
    expect(plan({ ...failed, life: { ...life, target: 'stopped' } }, [running('b')], 1_000)).toEqual({ kind: 'none' });
  });

  it('ends when the server has been well for a while, or cannot go on', () => {
    const redirected = { ...failed, redirect: { to: 'b' } };
    expect(plan(redirected, [running('b')], 9_000)).toEqual({ kind: 'none' });
    const { failedSince: _past, ...rest } = redirected;
    const back: Redirectable = { ...rest, state: 'running', upSince: after(2_000) };
    expect(plan(back, [running('b')], 6_999)).toEqual({ kind: 'wait', until: AT + 7_000 });
    expect(plan(back, [running('b')], 7_000)).toEqual({ kind: 'end', to: 'b', why: 'a is well again' });
    const lost: Redirectable = { ...running('b'), state: 'failed' };
    expect(plan(redirected, [lost], 9_000)).toEqual({ kind: 'end', to: 'b', why: 'b is failed' });
    const stopped: Redirectable = { ...redirected, state: 'stopped', life: { ...life, target: 'stopped' } };
    expect(plan(stopped, [running('b')], 9_000)).toMatchObject({ kind: 'end', why: 'a is stopped' });
    expect(plan({ ...redirected, definition: {} }, [running('b')], 9_000)).toMatchObject({ kind: 'end' });
  });

  it('is refused where it would go round in a circle, which is named', () => {
    const servers = new Map([
      ['a', { life, redirectTo: 'b' }],
      ['b', { life, redirectTo: 'c' }],
      ['c', { life }],
      ['gone', { life: UNBORN }],
    ]);
    const find = (name: string) => (name === 'c' ? { redirectTo: 'a' } : servers.get(name));
    expect(redirectCycle('a', find)).toEqual(['a', 'b', 'c']);
    expect(redirectCycle('a', (name) => servers.get(name))).toBeUndefined();
    expect(redirectCycle('x', (name) => (name === 'x' ? { redirectTo: 'a' } : find(name)))).toBeUndefined();
    expect(() => checkRedirect('c', 'a', servers)).toThrow('servers would stand in for each other: c → a → b → c');
    expect(() => checkRedirect('a', 'a', servers)).toThrow('a → a');
    expect(() => checkRedirect('a', 'gone', servers)).toThrow('gone, which is to stand in for a, does not exist');
    expect(() => checkRedirect('b', 'c', servers)).not.toThrow();
    const circle = { ...failed, definition: { signalbox: { recovery: { strategy: 'redirect', redirectTo: 'a' } } } };
    expect(plan({ ...circle, redirectTo: 'a' }, [], 5_000)).toEqual({ kind: 'none' });
  });

  it('is read from a definition as the log has it', () => {
    expect(redirectRuleOf(definition)).toEqual({ to: 'b', afterMs: 1_000, wellForMs: 5_000 });
    expect(redirectRuleOf({ signalbox: { recovery: { strategy: 'restart' } } })).toBeUndefined();
    expect(redirectRuleOf({ signalbox: { recovery: 7 } })).toBeUndefined();
    expect(redirectRuleOf({})).toBeUndefined();
  });
});
