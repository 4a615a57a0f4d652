import { EVENTS, isEventType, type NewEvent } from '@signalbox/contracts';
import { expect } from 'vitest';

interface TestedDecider<State, Command, Event> {
  readonly initial: State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State): readonly Event[];
}

type Expected = { readonly type: string; readonly data: unknown };
/** A substring or pattern of the message, the class of the error, or some of its properties. */
type ExpectedError = string | RegExp | (abstract new (...args: never[]) => Error) | Readonly<Record<string, unknown>>;

/**
 * `given(decider, history).when(command).then(events)`: what a decider decides, compared by type and data, ids left out.
 * Each decided event is also checked against its schema.
 */
export function given<State, Command, Event extends NewEvent>(
  decider: TestedDecider<State, Command, Event>,
  history: readonly Event[] = [],
) {
  const fold = (events: readonly Event[]): State =>
    events.reduce((state, event) => decider.evolve(state, event), decider.initial);
  return {
    /** Checks the state that the history leads to; properties that are not named do not matter. */
    hasState(expected: Partial<State>): void {
      expect(fold(history)).toMatchObject(expected as object);
    },
    when(command: Command) {
      const decide = (): readonly Event[] => decider.decide(command, fold(history));
      return {
        then(expected: readonly Expected[]): void {
          const events = decide();
          expect(events.map(({ type, data }) => ({ type, data }))).toEqual(
            expected.map(({ type, data }) => ({ type, data })),
          );
          for (const event of events) expectValid(event);
        },
        thenNothing(): void {
          this.then([]);
        },
        thenThrows(expected: ExpectedError): void {
          if (typeof expected === 'object' && !(expected instanceof RegExp)) {
            expect(decide).toThrow(expect.objectContaining(expected) as Error);
          } else {
            expect(decide).toThrow(expected as string);
          }
        },
        /** Checks the state that history and decision lead to. */
        thenState(expected: Partial<State>): void {
          expect(fold([...history, ...decide()])).toMatchObject(expected as object);
        },
      };
    },
  };
}

function expectValid(event: Expected): void {
  expect(isEventType(event.type), `${event.type} is an event type`).toBe(true);
  const problems = isEventType(event.type) ? EVENTS[event.type].schema.safeParse(event.data).error?.issues : undefined;
  expect(problems ?? [], `${event.type} as its schema says`).toEqual([]);
}
