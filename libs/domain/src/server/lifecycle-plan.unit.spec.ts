import type { ServerCommandName, ServerExecutorState } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { checkDependencies, checkRemoval, planCommand, type KnownLife } from './lifecycle-plan.js';
import type { Lifecycle } from './lifecycle.js';

const life = (state: ServerExecutorState | 'quarantined'): Lifecycle => ({
  exists: true,
  target: state === 'quarantined' ? 'quarantined' : state === 'stopped' ? 'stopped' : 'running',
  executors: { e1: state === 'quarantined' ? 'stopped' : state },
});
type Entry = [state: ServerExecutorState | 'quarantined', dependsOn: string[]];
const servers = (entries: Record<string, Entry>): ReadonlyMap<string, KnownLife> =>
  new Map(Object.entries(entries).map(([name, [state, dependsOn]]) => [name, { life: life(state), dependsOn }]));

const plan = (
  command: ServerCommandName,
  server: string,
  known: ReadonlyMap<string, KnownLife>,
  cascades = true,
): string[] =>
  planCommand({ server, command, who: 'ada' }, known, cascades).map((step) => `${step.command} ${step.server}`);

const UP = servers({ web: ['running', ['api']], api: ['running', ['db']], db: ['running', []] });
const DOWN = servers({ web: ['stopped', ['api']], api: ['stopped', ['db']], db: ['stopped', []] });

describe('a command to a server that others hang on', () => {
  it('stops and drains the dependants first', () => {
    expect(plan('stop', 'db', UP)).toEqual(['stop web', 'stop api', 'stop db']);
    expect(plan('drain', 'api', UP)).toEqual(['drain web', 'drain api']);
  });

  it('leaves out dependants that do not run', () => {
    const some = servers({ web: ['quarantined', ['db']], api: ['stopped', ['db']], db: ['running', []] });
    expect(plan('stop', 'db', some)).toEqual(['stop db']);
  });

  it('starts the dependencies first, those that do not run', () => {
    expect(plan('start', 'web', DOWN)).toEqual(['start db', 'start api', 'start web']);
    const some = servers({ web: ['stopped', ['api', 'db']], api: ['stopped', []], db: ['running', []] });
    expect(plan('start', 'web', some)).toEqual(['start api', 'start web']);
  });

  it('says of each step for which server it is', () => {
    const steps = planCommand({ server: 'db', command: 'stop', who: 'ada', why: 'upgrade' }, UP, true);
    expect(steps.map(({ because, who, why }) => ({ because, who, why }))).toEqual([
      { because: 'db', who: 'ada', why: 'upgrade' },
      { because: 'db', who: 'ada', why: 'upgrade' },
      { because: undefined, who: 'ada', why: 'upgrade' },
    ]);
  });

  it('is refused with the names when it may not touch others', () => {
    expect(() => plan('stop', 'db', UP, false)).toThrow('cannot stop db: web, api depend on it');
    expect(() => plan('start', 'web', DOWN, false)).toThrow(
      'cannot start web, which depends on others: db is stopped, api is stopped',
    );
  });

  it('does not bring a dependency out of quarantine', () => {
    const bad = servers({ web: ['stopped', ['db']], db: ['quarantined', []] });
    expect(() => plan('start', 'web', bad)).toThrow('db is quarantined');
  });

  it('touches no others when it restarts or quarantines', () => {
    expect(plan('restart', 'db', UP)).toEqual(['restart db']);
    expect(plan('quarantine', 'db', UP)).toEqual(['quarantine db']);
  });
});

describe('a definition', () => {
  it('may depend on servers that exist', () => {
    expect(() => checkDependencies('new', ['web', 'db'], UP)).not.toThrow();
  });

  it('is refused with the names of those that do not', () => {
    expect(() => checkDependencies('new', ['db', 'dbb'], UP)).toThrow('new depends on dbb, which does not exist');
  });

  it('is refused with the cycle that it would close', () => {
    expect(() => checkDependencies('db', ['web'], UP)).toThrow(
      'servers would depend on each other: db → web → api → db',
    );
    expect(() => checkDependencies('x', ['x'], UP)).toThrow('x → x');
  });

  it('cannot go while others need it', () => {
    expect(() => checkRemoval('db', UP)).toThrow('cannot remove db: web, api depend on it');
    expect(() => checkRemoval('web', UP)).not.toThrow();
  });
});
