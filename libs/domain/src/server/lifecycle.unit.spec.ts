import { createEvent, type NewEvent, type ServerCommandName } from '@signalbox/contracts';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../decider/index.js';
import { evolveLifecycle, lifecycleDecider, stateOf, UNBORN } from './lifecycle.js';
import { lifecycleDiagram, lifecycleSteps } from './lifecycle-diagram.js';

const server = 'files';
const executor = 'e1';
const defined = createEvent('server.registered', { server, transport: 'stdio', definition: {}, source: 'spec' });
const removed = createEvent('server.removed', { server, reason: 'spec' });
const started = createEvent('server.started', {
  server,
  executor,
  protocolVersion: '2025-11-25',
  serverInfo: { name: 's', version: '1' },
  capabilities: {},
});
const failed = createEvent('server.failed', { server, executor, error: 'ENOENT', attempt: 1 });
const stopped = createEvent('server.stopped', { server, executor, reason: 'spec' });
const told = (command: ServerCommandName) => createEvent('server.commanded', { server, command, who: 'ada' });

function given(...history: NewEvent[]) {
  const life = history.reduce<typeof UNBORN>((state, event) => evolveLifecycle(state, event as never), UNBORN);
  const decide = (command: ServerCommandName) =>
    lifecycleDecider.decide({ server, command, who: 'ada', why: 'maintenance' }, life);
  return {
    is: (state: string) => expect(stateOf(life)).toBe(state),
    when: (command: ServerCommandName) => ({
      then: (...commands: ServerCommandName[]) =>
        expect(decide(command).map(({ type, data }) => ({ type, data }))).toEqual(
          commands.map((done) => ({
            type: 'server.commanded',
            data: { server, command: done, who: 'ada', why: 'maintenance' },
          })),
        ),
      thenRefused: (code: string, message: string) => {
        expect(() => decide(command)).toThrow(Refusal);
        expect(() => decide(command)).toThrow(expect.objectContaining({ code }) as Error);
        expect(() => decide(command)).toThrow(message);
      },
    }),
  };
}

describe('a command', () => {
  it('to a server that runs is obeyed, with who and why', () => {
    const running = given(defined, started);
    for (const command of ['stop', 'drain', 'restart', 'quarantine'] as const) running.when(command).then(command);
  });

  it('for what is so already changes nothing', () => {
    given(defined).when('start').then();
    given(defined, started).when('start').then();
    given(defined, started, told('stop')).when('drain').then();
    given(defined, started, told('stop'), stopped).when('stop').then();
    given(defined, told('quarantine')).when('quarantine').then();
  });

  it('to stop is also obeyed while no executor is there', () => {
    given(defined, started, stopped).when('stop').then('stop');
  });

  it('to start is obeyed by a server that was stopped, and by one that has failed', () => {
    given(defined, started, told('stop'), stopped).when('start').then('start');
    given(defined, failed).when('start').then('start');
  });

  it('to a server in quarantine is refused until it is approved', () => {
    const quarantined = given(defined, started, told('quarantine'), stopped);
    quarantined.when('start').thenRefused('wrong-state', 'cannot start files: it is quarantined; approve it first');
    quarantined.when('restart').thenRefused('wrong-state', 'it is quarantined');
    quarantined.when('stop').thenRefused('wrong-state', 'it is quarantined');
    quarantined.when('approve').then('approve');
  });

  it('names the state that does not allow it', () => {
    given(defined, started).when('approve').thenRefused('wrong-state', 'only a quarantined server can be approved');
    given(defined, started, told('stop')).when('start').thenRefused('wrong-state', 'it is stopping; wait until');
    given(defined, told('stop')).when('restart').thenRefused('wrong-state', 'it is stopped; start it instead');
    given(defined).when('restart').thenRefused('wrong-state', 'no executor has it yet');
  });

  it('to a server that does not exist is refused', () => {
    given().when('start').thenRefused('unknown-server', 'there is no server files');
    given(defined, removed).when('start').thenRefused('unknown-server', 'there is no server files');
  });
});

describe('the state', () => {
  it('follows commands and what executors tell', () => {
    given(defined).is('registered');
    given(defined, started).is('running');
    given(defined, started, told('drain')).is('stopping');
    given(defined, started, told('drain'), stopped).is('stopped');
    given(defined, started, told('drain'), stopped, told('start')).is('starting');
    given(defined, failed).is('failed');
    given(defined, started, told('quarantine')).is('quarantined');
    given(defined, started, removed).is('removed');
    given(defined, told('stop'), removed, defined).is('registered');
  });

  it('is the best of those in several executors', () => {
    const other = createEvent('server.failed', { server, executor: 'e2', error: 'x', attempt: 1 });
    given(defined, started, other).is('running');
    given(defined, other, stopped).is('failed');
    given(defined, started, other, told('stop'), stopped).is('stopping');
  });
});

describe('the diagram', () => {
  it('has the steps that the decider takes, and no others', () => {
    const steps = lifecycleSteps();
    expect(steps).toContainEqual({ from: 'running', to: 'stopping', by: 'drain' });
    expect(steps).toContainEqual({ from: 'quarantined', to: 'starting', by: 'approve' });
    expect(steps).toContainEqual({ from: 'running', to: 'degraded', by: 'ill' });
    expect(steps.filter(({ from, to }) => from === 'quarantined' && to === 'running')).toEqual([]);
    expect(steps.filter(({ from }) => from === 'removed')).toEqual([]);
    expect(lifecycleDiagram()).toContain('running --> stopping: drain, stop\n');
  });
});
