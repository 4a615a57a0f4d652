import type { RecordedEvent } from '@signalbox/contracts';
import type { Write } from '@signalbox/ports';
import type { Projection, ProjectionReader } from '@signalbox/runtime';
import { foldCall, isCallEvent, type CallSummary } from './call-summary.js';

export const CALLS = 'calls';
const IDS_PER_READ = 500;

/** One document per call, written once per batch of events however many of them are its own. */
export const callsProjection: Projection = {
  name: CALLS,
  collections: [CALLS],
  types: [
    'tool.call.requested',
    'tool.call.started',
    'tool.call.completed',
    'tool.call.failed',
    'tool.call.cancelled',
    'tool.call.expired',
    'tool.call.outcome_unknown',
  ],

  async project(events: readonly RecordedEvent[], read: ProjectionReader): Promise<readonly Write[]> {
    const calls = new Map<string, CallSummary | undefined>();
    for (const event of events) if (isCallEvent(event)) calls.set(event.data.callId, undefined);
    const known = [...calls.keys()];
    for (let at = 0; at < known.length; at += IDS_PER_READ) {
      const found = await read.getMany<CallSummary>(CALLS, known.slice(at, at + IDS_PER_READ));
      for (const call of found) calls.set(call._id, call);
    }
    for (const event of events) {
      if (isCallEvent(event)) calls.set(event.data.callId, foldCall(calls.get(event.data.callId), event));
    }
    return [...calls.values()].map((document) => ({ op: 'put', collection: CALLS, document: document! }));
  },
};
