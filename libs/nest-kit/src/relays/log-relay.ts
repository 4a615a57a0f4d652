import { Relay } from '@signalbox/runtime';
import { SharedLogRelay } from './shared-log-relay.js';
import { tracersOf, type RelayPorts } from './tracers.js';

export interface LogRelayOptions {
  /** The instances of this process. */
  readonly instances: readonly string[];
  /**
   * For a log that several processes write to: the instances that live somewhere. Without it the log is this process's own,
   * and all of it is relayed here.
   */
  readonly liveInstances?: (() => Promise<readonly string[]>) | undefined;
  readonly onError?: (error: Error) => void;
}

/** Starts to publish what this process has to publish of the log. Call it when the queues that wait for events are there. */
export function startLogRelay(
  ports: RelayPorts,
  { instances, liveInstances, onError }: LogRelayOptions,
): { stop(): Promise<void> } {
  const relay =
    liveInstances === undefined
      ? new Relay(ports.events, ports.bus, ports.readModels, { onError, tracerFor: tracersOf(ports, instances) })
      : new SharedLogRelay(ports, { instances, liveInstances, onError });
  relay.start();
  return relay;
}
