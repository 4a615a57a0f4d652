/**
 * A consistency boundary as two pure functions (Jérémie Chassaing, "Functional Event Sourcing Decider").
 * The state is what the events so far led to; a decision leads from a command to further events.
 */
export interface Decider<State, Command, Event> {
  readonly initial: State;
  evolve(state: State, event: Event): State;
  /**
   * @returns what happens because of the command; nothing when it asks for what is so already
   * @throws Refusal when the command is not allowed in this state
   */
  decide(command: Command, state: State): readonly Event[];
}

/** The state after `events`, in their order. */
export function fold<State, Event>(
  decider: Pick<Decider<State, never, Event>, 'initial' | 'evolve'>,
  events: Iterable<Event>,
): State {
  let state = decider.initial;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
