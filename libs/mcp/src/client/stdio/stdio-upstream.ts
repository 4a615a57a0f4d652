import type { StdioTarget } from '@signalbox/contracts';
import type { InitializeResult } from '../../initialize.js';
import {
  classifyMessage,
  failureText,
  notificationText,
  successText,
  type RequestId,
  type RpcOutcome,
} from '../../jsonrpc.js';
import { UpstreamClosedError, UpstreamProtocolError } from '../errors.js';
import { shakeHands } from '../handshake.js';
import type { ModernWire } from '../modern/wire.js';
import { RequestTable, type PendingRequest } from '../pending.js';
import {
  DEFAULT_UPSTREAM_LIMITS,
  type ConnectOptions,
  type Dialect,
  type Inbound,
  type UpstreamConnection,
  type UpstreamLimits,
  type UpstreamRequestOptions,
} from '../upstream.js';
import { LineReader } from './line-reader.js';
import { ProcessGroup } from './process-group.js';
import { Tail } from './tail.js';

/** A server that is a child process and talks over its standard streams, one JSON message per line. */
export class StdioUpstream implements UpstreamConnection, ModernWire {
  dialect: Dialect = { era: 'legacy', transport: 'stdio' };
  initialize!: InitializeResult;
  onInbound: ((message: Inbound) => void) | undefined;
  readonly closed: Promise<{ reason: string }>;
  readonly ending: Promise<void>;
  readonly #group: ProcessGroup;
  readonly limits: UpstreamLimits;
  readonly #stderr: Tail;
  readonly #requests: RequestTable;
  #resolveClosed!: (end: { reason: string }) => void;
  #resolveEnding!: () => void;
  #ending: Promise<void> | undefined;
  #reason: string | undefined;
  #garbageLines = 0;

  private constructor(
    private readonly target: StdioTarget,
    private readonly options: ConnectOptions,
  ) {
    this.limits = { ...DEFAULT_UPSTREAM_LIMITS, ...options.limits };
    this.#stderr = new Tail(this.limits.stderrBytes);
    this.onInbound = options.onMessage?.bind(options);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.ending = new Promise((resolve) => (this.#resolveEnding = resolve));
    this.#requests = new RequestTable({
      onMessage: (message) => this.onInbound?.(message),
      tellCancelled: (pending, reason) => this.#tellCancelled(pending, reason),
    });
    this.#group = new ProcessGroup(target, options.env ?? {});
    this.#listen();
  }

  /**
   * Starts the process; nothing is said to it yet.
   * @throws UpstreamClosedError where that shows at once; else the first request does
   */
  static start(target: StdioTarget, options: ConnectOptions): StdioUpstream {
    try {
      return new StdioUpstream(target, options);
    } catch (error) {
      // arguments that are too long, no more file descriptors: what spawn does not report as an event
      throw new UpstreamClosedError(`"${target.command}" could not be started: ${(error as Error).message}`, false);
    }
  }

  /** Opens a session of the legacy era. @throws UpstreamClosedError, UpstreamProtocolError or DeadlineError */
  shakeHands(deadline: number): Promise<void> {
    return shakeHands(this, this.options, deadline, (result) => (this.initialize = result));
  }

  get pid(): number | undefined {
    return this.#group.pid;
  }

  get inFlight(): number {
    return this.#requests.size;
  }

  /** Lines of output that were not JSON-RPC. */
  get garbageLines(): number {
    return this.#garbageLines;
  }

  request(method: string, params: object | undefined, options: UpstreamRequestOptions): Promise<RpcOutcome> {
    if (this.#reason !== undefined) return Promise.reject(new UpstreamClosedError(this.#reason, false));
    if (this.#group.child.stdin.writableLength > this.limits.maxUnreadBytes) {
      const message = `the server does not read its input: ${this.limits.maxUnreadBytes} bytes wait`;
      return Promise.reject(new UpstreamClosedError(message, false));
    }
    const { pending, text } = this.#requests.open(method, params, options);
    this.#write(text);
    return pending.promise;
  }

  cancel(options: UpstreamRequestOptions, reason?: string): boolean {
    return this.#requests.cancel(options, reason);
  }

  respond(id: RequestId, outcome: RpcOutcome): void {
    if (!this.#requests.closeReverse(id)) return;
    this.#write('error' in outcome ? failureText(id, outcome.error) : successText(id, outcome.result));
  }

  notify(method: string, params?: object): Promise<void> {
    if (this.#reason !== undefined) return Promise.reject(new UpstreamClosedError(this.#reason, false));
    this.#write(notificationText(method, params));
    return Promise.resolve();
  }

  async ping(timeoutMs: number): Promise<void> {
    const outcome = await this.request('ping', undefined, { deadline: Date.now() + timeoutMs });
    if ('error' in outcome) throw new UpstreamProtocolError(`ping was refused: ${outcome.error.message}`);
  }

  close(reason = 'closed'): Promise<void> {
    return (this.#ending ??= this.#end(reason));
  }

  async #end(reason: string): Promise<void> {
    this.#reason ??= reason;
    this.#resolveEnding();
    this.#requests.failAll(new UpstreamClosedError(this.#reason, true));
    await this.#group.end(this.limits.closeGraceMs);
    this.#resolveClosed({ reason: this.#reason });
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#group.child;
    const lines = new LineReader(this.limits.maxLineBytes, (line) => this.#receive(line));
    stdout.on('data', (chunk: Buffer) => {
      try {
        lines.feed(chunk);
      } catch (error) {
        stdout.removeAllListeners('data').resume();
        void this.close(`the server wrote ${(error as Error).message}`);
      }
    });
    stderr.on('data', (chunk: Buffer) => {
      this.#stderr.add(chunk);
      this.options.onStderr?.(chunk, this.#group.pid);
    });
    // EPIPE when the process is gone: its end is reported by `ended`
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
    void this.#group.ended.then(async (how) => {
      // what it wrote before it died may still be in the pipes
      if (this.#group.pid !== undefined) await drained(this.#group.child);
      this.#reason ??= `"${this.target.command}" ${how}${this.#stderr.quoted()}`;
      // before those hear of it that try again
      this.#resolveEnding();
      this.#requests.failAll(new UpstreamClosedError(this.#reason, this.#group.pid !== undefined));
      await this.close(this.#reason);
    });
  }

  #receive(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return this.#garbage(line);
    }
    const classified = classifyMessage(value);
    if (classified.kind === 'invalid') return this.#garbage(line);
    this.#requests.deliver(classified.message);
  }

  #garbage(line: string): void {
    if (++this.#garbageLines > 1) return;
    this.options.onWarning?.(
      `wrote a line to standard output that is not JSON-RPC (later ones are only counted): ${line.slice(0, 200)}`,
    );
  }

  #write(text: string): void {
    this.#group.child.stdin.write(`${text}\n`);
  }

  #tellCancelled(pending: PendingRequest, reason: string): void {
    // the protocol forbids to cancel `initialize`, and who does not answer the other knows nothing of it
    if (this.#reason !== undefined || pending.method === 'initialize' || pending.method === 'server/discover') return;
    this.#write(notificationText('notifications/cancelled', { requestId: pending.id, reason }));
  }
}

const DRAIN_MS = 200;

/** Waits for the end of the output, but not long: a grandchild may hold the pipe open. */
function drained(child: ProcessGroup['child']): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
