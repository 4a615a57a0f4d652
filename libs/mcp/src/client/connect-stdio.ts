import { setTimeout as sleep } from 'node:timers/promises';
import type { StdioTarget } from '@signalbox/contracts';
import type { InitializeResult } from '../initialize.js';
import { UpstreamClosedError } from './errors.js';
import { discover, modernOf } from './modern/discover.js';
import { ModernUpstream } from './modern/modern-upstream.js';
import { StdioUpstream } from './stdio/stdio-upstream.js';
import type { ConnectOptions, UpstreamConnection } from './upstream.js';

/** Starts a server as a child process. Nothing of the process is left when this throws. */
export async function connectStdio(target: StdioTarget, options: ConnectOptions): Promise<UpstreamConnection> {
  const deadline = Date.now() + (options.connectTimeoutMs ?? 15_000);
  const { era = 'auto' } = options;
  try {
    return await open(target, { ...options, era }, deadline);
  } catch (error) {
    // some legacy servers end when the first thing they hear is not `initialize`
    if (era !== 'auto' || !(error instanceof UpstreamClosedError && error.sent)) throw error;
    return open(target, { ...options, era: 'legacy' }, deadline);
  }
}

async function open(target: StdioTarget, options: ConnectOptions, deadline: number): Promise<UpstreamConnection> {
  const wire = StdioUpstream.start(target, options);
  try {
    const modern = await negotiate(wire, options, deadline);
    if (!modern) return wire;
    wire.dialect = { era: 'modern', transport: 'stdio' };
    const upstream = new ModernUpstream(wire, options, modern);
    if (options.listChanges === true) upstream.listenToLists();
    return upstream;
  } catch (error) {
    await wire.close(`start-up failed: ${(error as Error).message}`);
    throw error;
  }
}

/** @returns what a modern server says of itself; nothing when a legacy session is open */
async function negotiate(
  wire: StdioUpstream,
  options: ConnectOptions,
  deadline: number,
): Promise<InitializeResult | undefined> {
  const { era } = options;
  if (era === 'legacy') return void (await wire.shakeHands(deadline));
  const asked = { deadline };
  const verdict = discover(wire, options, asked);
  if (era === 'modern') return modernOf(await verdict, era);

  const patience = new AbortController();
  const silence = sleep(wire.limits.probeMs, 'silent' as const, { signal: patience.signal }).catch(
    () => 'silent' as const,
  );
  const first = await Promise.race([verdict, silence]);
  patience.abort();
  if (first !== 'silent') {
    const modern = modernOf(first, era);
    if (!modern) await wire.shakeHands(deadline);
    return modern;
  }
  return firstToSpeak(wire, verdict, asked);
}

/** A server that is slow to start may still answer the first question; one that does not know it answers the second. */
async function firstToSpeak(
  wire: StdioUpstream,
  verdict: ReturnType<typeof discover>,
  asked: { deadline: number },
): Promise<InitializeResult | undefined> {
  const modern = verdict.then((said) => {
    if (said.kind === 'modern') return said.initialize;
    throw said.kind === 'error' ? said.error : new Error(said.because);
  });
  const legacy = wire.shakeHands(asked.deadline).then(() => undefined);
  try {
    return await Promise.any([legacy, modern]);
  } catch (error) {
    throw (error as AggregateError).errors[0];
  } finally {
    wire.cancel(asked, 'no longer asked');
  }
}
