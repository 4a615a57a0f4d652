import type { RecordedEvent } from '@signalbox/contracts';
import type { Commit } from '@signalbox/ports';
import { decodeCommit } from '@signalbox/runtime';
import { Counter, Histogram, type Registry } from 'prom-client';
import { RunningCalls } from './running-calls.js';

const OUTCOMES: ReadonlySet<string> = new Set([
  'tool.call.completed',
  'tool.call.failed',
  'tool.call.cancelled',
  'tool.call.expired',
  'tool.call.outcome_unknown',
]);
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts events, and calls by server and outcome, from the commits that are shown to it. */
export class CallMetrics {
  readonly #events: Counter<'type'>;
  readonly #calls: Counter<'server' | 'outcome'>;
  readonly #durations: Histogram<'server'>;
  readonly #running: RunningCalls;
  readonly #servers = new Set<string>();

  constructor(
    registry: Registry,
    private readonly limits: { readonly maxRunning: number; readonly maxServers: number },
  ) {
    const registers = [registry];
    this.#running = new RunningCalls(limits.maxRunning);
    this.#events = new Counter({
      name: 'signalbox_events_total',
      help: 'Events appended to the log since the monitor started, by type',
      labelNames: ['type'],
      registers,
    });
    this.#calls = new Counter({
      name: 'signalbox_tool_calls_total',
      help: 'Tool calls that ended since the monitor started, by server and outcome; tool_error: completed, but the tool said that it failed',
      labelNames: ['server', 'outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'signalbox_tool_call_duration_seconds',
      help: 'How long the attempt that ended a tool call ran, by server',
      labelNames: ['server'],
      buckets: BUCKETS_SECONDS,
      registers,
    });
  }

  /** Looks into the bodies of those commits only that say something about a call. */
  count(commits: readonly Commit[]): void {
    const events = new Map<string, number>();
    for (const commit of commits) {
      for (const type of commit.types) events.set(type, (events.get(type) ?? 0) + 1);
      if (this.#isOfInterest(commit)) for (const event of decodeCommit(commit)) this.#countCall(event);
    }
    for (const [type, number] of events) this.#events.inc({ type }, number);
  }

  #isOfInterest({ types, correlationId }: Commit): boolean {
    return types.some(
      (type) =>
        OUTCOMES.has(type) ||
        ((type === 'tool.call.requested' || type === 'tool.call.started') && !this.#running.has(correlationId)),
    );
  }

  #countCall(event: RecordedEvent): void {
    const { type, data } = event;
    if (type === 'tool.call.requested' || type === 'tool.call.started')
      return this.#running.start(data.callId, data.server);
    if (!OUTCOMES.has(type)) return;
    // the call has ended with the attempt that was faster
    if (type === 'tool.call.cancelled' && data.overtakenBy !== undefined) return;
    const { callId, durationMs } = data as { callId: string; durationMs: number };
    const server = this.#label(this.#running.end(callId) ?? 'unknown');
    const toolError = type === 'tool.call.completed' && data.isError;
    this.#calls.inc({ server, outcome: toolError ? 'tool_error' : type.slice('tool.call.'.length) });
    this.#durations.observe({ server }, durationMs / 1000);
  }

  #label(server: string): string {
    if (this.#servers.has(server)) return server;
    if (this.#servers.size >= this.limits.maxServers) return 'other';
    this.#servers.add(server);
    return server;
  }
}
