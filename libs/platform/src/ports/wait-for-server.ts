import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../process/start-error.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Errors of the network, by code: the server may come up yet. */
const PASSING = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

export interface WaitOptions {
  /** What is waited for: `mongodb at mongodb://mongo:27017 (MONGODB_URL)`. */
  readonly what: string;
  /** Milliseconds. */
  readonly waitMs: number;
  /** Hears that, and why, there is something to wait for. */
  readonly onWaiting?: ((what: string, error: Error) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries until a server answers, with growing pauses.
 * @throws StartError when it does not within the time; the last failure says why
 * @throws whatever `attempt` throws that waiting does not mend, at once
 */
export async function waitForServer<T>(attempt: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { what, waitMs, onWaiting, signal } = options;
  const deadline = performance.now() + waitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Error) || !isPassing(error)) throw error;
      const left = deadline - performance.now();
      if (left <= 0 || signal?.aborted) {
        throw new StartError(`${what} did not answer within ${waitMs} ms: ${error.message}`, { cause: error });
      }
      onWaiting?.(what, error);
      // replicas that start together should not knock together
      await delay(Math.min(left, pause * (0.5 + Math.random() / 2)), undefined, { signal }).catch(() => undefined);
    }
  }
}

function isPassing(error: Error & { retryable?: unknown; code?: unknown }): boolean {
  if (error.retryable === true || PASSING.has(String(error.code))) return true;
  return error.cause instanceof Error && isPassing(error.cause);
}
