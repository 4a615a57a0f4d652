import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { finalOutcome } from '@signalbox/domain/call';
import {
  endWithComment,
  ErrorCode,
  notificationText,
  outcomeText,
  rpcError,
  type EventStream,
  type Outcome,
  type RequestId,
} from '@signalbox/mcp';
import { InjectClock, InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayConfig } from '../../config.js';
import { InjectGatewayConfig } from '../../gateway-config.module.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import type { Seen, StreamOrigin } from './event-id.js';
import { RecordedCalls, type CallReading } from './recorded-calls.js';

/** What taking up a stream needs of the session that it belongs to. */
export interface ResumingSession {
  readonly id: string;
  lastUsed: number;
  /** False once the session has ended here. */
  readonly alive: boolean;
  /** A stream with nothing behind it: what is sent on it is not kept. */
  passingStream(origin: StreamOrigin, mark: string | undefined): EventStream;
}

interface Followed {
  readonly session: ResumingSession;
  readonly origin: StreamOrigin;
  readonly callId: string;
  readonly stream: EventStream;
  readonly stop: AbortController;
  reading: CallReading;
  progress: number;
}

/** Looks at the log become rarer for a call of which nothing new is heard, up to so many times the shortest pause. */
const SLOWEST = 8;
const GONE =
  'The gateway that had this request is gone, and its answer with it: only tool calls are in the log; send the request again';

/**
 * Takes up streams whose events this gateway does not have, from the log: because another gateway sent them, this one before it
 * was started again, or because they had to make room. A call that still runs is followed until the log has its outcome.
 */
@Injectable()
export class CallResumer implements BeforeApplicationShutdown {
  readonly #followed = new Map<string, Followed>();

  constructor(
    private readonly calls: RecordedCalls,
    private readonly forwarder: UpstreamForwarder,
    @InjectGatewayConfig() private readonly config: GatewayConfig,
    @InjectClock() private readonly clock: Clock,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  get following(): number {
    return this.#followed.size;
  }

  /**
   * Answers with what the client has not seen of the stream, as far as the log has it.
   * @returns why not, with nothing written: the log knows no such call of this session, or too many are followed
   * @throws StoreUnavailableError
   */
  async resume(
    session: ResumingSession,
    origin: StreamOrigin,
    seen: Seen,
    response: ServerResponse,
  ): Promise<'unknown' | 'full' | undefined> {
    if (seen.ended) return void endWithComment(response, 'you have all of it');
    const { requestId, call } = origin;
    if (!call) {
      const stream = session.passingStream(origin, undefined);
      stream.open(response);
      const error = rpcError(ErrorCode.ConnectionClosed, GONE, { retryable: true });
      return void stream.end(outcomeText(requestId, { error }));
    }
    const reading = await this.calls.read(call.callId);
    if (reading.answer.requested?.data.sessionId !== session.id) return 'unknown';
    if (response.destroyed) return undefined;
    const key = `${session.id} ${call.callId}`;
    const earlier = this.#followed.get(key);
    if (!earlier && this.#followed.size >= this.config.streams.maxFollowed) return 'full';
    earlier?.stop.abort();
    const stream = session.passingStream(origin, seen.progress === undefined ? undefined : `p${seen.progress}`);
    stream.open(response);
    const progress = seen.progress ?? -Infinity;
    const stop = new AbortController();
    const followed: Followed = { session, origin, callId: call.callId, stream, stop, reading, progress };
    this.#followed.set(key, followed);
    void this.#follow(followed)
      .catch((err: unknown) =>
        this.context.logger?.error({ err, callId: call.callId }, 'a stream could not be taken up'),
      )
      .finally(() => {
        stream.end();
        if (this.#followed.get(key) === followed) this.#followed.delete(key);
      });
    return undefined;
  }

  /** Takes back a request whose stream was taken up here. */
  cancel(sessionId: string, requestId: RequestId, reason: string | undefined): void {
    for (const { session, origin, callId, stop } of this.#followed.values()) {
      if (session.id !== sessionId || origin.requestId !== requestId) continue;
      this.forwarder.control({ kind: 'cancel', requestId: callId, ...(reason === undefined ? {} : { reason }) });
      stop.abort();
    }
  }

  beforeApplicationShutdown(): void {
    for (const { stop } of this.#followed.values()) stop.abort();
  }

  async #follow(followed: Followed): Promise<void> {
    const { stream, session, stop, callId, origin } = followed;
    const { followMs } = this.config.streams;
    for (let wait = followMs; !stop.signal.aborted;) {
      this.#tell(followed);
      const ending = await this.#ending(followed.reading);
      if (stop.signal.aborted) return;
      if (ending) return stream.end(outcomeText(origin.requestId, ending));
      // a client that left comes back with the id of what it has
      if (!stream.connected || !session.alive) return;
      wait = followed.reading.events.length > 0 ? followMs : Math.min(wait * 1.5, followMs * SLOWEST);
      await delay(wait, undefined, { signal: stop.signal }).catch(() => undefined);
      session.lastUsed = this.clock.now();
      followed.reading = await this.#readOn(callId, followed.reading);
    }
  }

  async #readOn(callId: string, before: CallReading): Promise<CallReading> {
    try {
      return await this.calls.read(callId, before);
    } catch (err) {
      this.context.logger?.warn({ err, callId }, 'a call could not be read from the log');
      return { ...before, events: [] };
    }
  }

  #tell(followed: Followed): void {
    const progressToken = followed.origin.call?.progressToken;
    if (progressToken === undefined) return;
    for (const event of followed.reading.events) {
      // of another attempt it begins again; to the client it only ever rises (MCP: progress)
      if (event.type !== 'tool.call.progressed' || event.data.progress <= followed.progress) continue;
      const { progress, total, message } = event.data;
      followed.progress = progress;
      const params = { progressToken, progress, total, message };
      followed.stream.send(notificationText('notifications/progress', params), `p${progress}`);
    }
  }

  /** What ends the stream, if anything does by now. */
  async #ending({ answer }: CallReading): Promise<Outcome | undefined> {
    const { lostCallMs, overdueMs } = this.config.streams;
    const now = this.clock.now();
    const outcome = finalOutcome(answer, now, lostCallMs);
    if (outcome) {
      try {
        return await this.calls.answerOf(outcome);
      } catch (err) {
        this.context.logger?.error({ err, callId: outcome.data.callId }, 'a recorded result could not be read');
        return { error: rpcError(ErrorCode.InternalError, 'The recorded result could not be read') };
      }
    }
    const { callId, deadline } = answer.requested!.data;
    if (now <= Date.parse(deadline) + overdueMs) return undefined;
    const message = `The deadline of the call passed at ${deadline}, and the log has no outcome of it`;
    return { error: rpcError(ErrorCode.RequestTimeout, message, { callId, retryable: false }) };
  }
}
