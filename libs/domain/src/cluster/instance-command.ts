import type { ConfigUpdate, InstanceCommandName, RecordedEvent } from '@signalbox/contracts';

export const COMMAND_STATES = ['requested', 'accepted', 'completed', 'failed'] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

/** One command to one instance, as the log tells it. Times are RFC 3339. */
export interface InstanceCommandView {
  readonly commandId: string;
  readonly instanceId: string;
  readonly serviceName: string;
  readonly command: InstanceCommandName;
  readonly who: string;
  readonly why?: string;
  readonly state: CommandState;
  readonly requestedAt: string;
  readonly deadline: string;
  readonly acceptedAt?: string;
  readonly endedAt?: string;
  /** The run of the service that accepted it. */
  readonly acceptedBy?: string;
  /** Of a restart: the run after it. */
  readonly run?: string;
  readonly config?: ConfigUpdate;
  readonly reason?: string;
  /** Of the instance's stream of commands, after the newest event of this one. */
  readonly version: number;
}

/** The command after one more event; the same for events of others. */
export function evolveCommand(
  view: InstanceCommandView | undefined,
  { type, data, time, streamVersion: version }: RecordedEvent,
): InstanceCommandView | undefined {
  if (type === 'instance.commanded') return { ...data, state: 'requested', requestedAt: time, version };
  if (view === undefined || !isOpen(view)) return view;
  switch (type) {
    case 'instance.command.accepted':
      return { ...view, state: 'accepted', acceptedAt: time, acceptedBy: data.run, version };
    case 'instance.command.completed': {
      const { run, config } = data;
      return { ...view, state: 'completed', endedAt: time, version, ...(run && { run }), ...(config && { config }) };
    }
    case 'instance.command.failed':
      return { ...view, state: 'failed', endedAt: time, version, reason: data.reason };
    default:
      return view;
  }
}

export const isOpen = ({ state }: InstanceCommandView): boolean => state === 'requested' || state === 'accepted';

export type CommandStep =
  | { readonly step: 'send' | 'wait' }
  | { readonly step: 'complete'; readonly run: string }
  | { readonly step: 'fail'; readonly reason: string };

/**
 * What a leader has to do for a command, whoever led when it was given.
 * @param now milliseconds since the epoch
 * @param run the run of the instance that was heard of last, if any
 */
export function nextStep(view: InstanceCommandView, now: number, run: string | undefined): CommandStep {
  const isLate = now >= Date.parse(view.deadline);
  if (view.state === 'requested') {
    if (!isLate) return { step: 'send' };
    return { step: 'fail', reason: `${view.instanceId} is away: it did not take the command in time` };
  }
  if (view.state !== 'accepted') return { step: 'wait' };
  const isBack = run !== undefined && run !== view.acceptedBy;
  if (isBack && view.command === 'restart') return { step: 'complete', run };
  // whoever accepted it is gone, and the next does not begin what another may have done in part
  if (isBack) return { step: 'fail', reason: `${view.instanceId} was restarted before it had done it` };
  if (!isLate) return { step: 'wait' };
  const what = view.command === 'restart' ? 'has not come back' : 'did not say what came of it';
  return { step: 'fail', reason: `${view.instanceId} took the command, and ${what} in time` };
}
