import { oneLine } from '../../clean.js';

/** A server as the registry answers for it; what is shown of it. */
export interface ShownServer {
  readonly name: string;
  readonly state: string;
  readonly transport?: string;
  readonly source?: string;
  readonly tools: readonly unknown[];
  readonly restarts: number;
  readonly degradedReason?: string;
  readonly stoppedReason?: string;
  readonly lastError?: { readonly error: string } | null;
}

export interface ServerLogLine {
  readonly n: number;
  readonly time: string;
  readonly pid?: number;
  readonly text: string;
}

export interface ServerLog {
  readonly executor: string;
  readonly transport: string;
  readonly lines: readonly ServerLogLine[];
}

const MAX_NOTE = 70;

export function serverRows(servers: readonly ShownServer[]): unknown[][] {
  return servers.map((server) => [
    server.name,
    server.state,
    server.transport,
    server.tools.length,
    server.restarts,
    server.source,
    oneLine(noteOf(server), MAX_NOTE),
  ]);
}

/** Why it does not run as it should; nothing while it does. */
function noteOf({ state, degradedReason, stoppedReason, lastError }: ShownServer): string | undefined {
  if (state === 'running') return undefined;
  if (state === 'degraded') return degradedReason;
  return state === 'failed' || state === 'starting' ? lastError?.error : stoppedReason;
}

/** @param several whether to say which executor it was */
export function logLine({ time, pid, text }: ServerLogLine, executor: string, several: boolean): string {
  const from = [several ? executor : undefined, pid === undefined ? undefined : `[${pid}]`];
  return [time, ...from.filter((part) => part !== undefined), text].join(' ');
}
