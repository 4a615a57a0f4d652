import { Injectable } from '@nestjs/common';
import { ErrorCode, readAccept, rpcError } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { ServerResponse } from 'node:http';
import { GatewayCode, rpcErrorOf, saysRetryable } from '../../errors.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import { CallResumer } from '../resume/call-resumer.js';
import type { StreamOrigin } from '../resume/event-id.js';
import type { IncomingPlain } from './incoming.js';
import { refuse } from './refuse.js';
import { SessionFinder } from './session-finder.js';
import type { Session, StreamPlace } from './session.js';
import { Sessions } from './sessions.js';

const MISSED = 'this session was at another gateway: what that had sent and was not received is lost';
type Located = StreamPlace & { readonly origin: StreamOrigin };
const LISTS = ['tools', 'prompts', 'resources'];

/** GET and DELETE of an endpoint with sessions. */
@Injectable()
export class SessionStreams {
  constructor(
    private readonly finder: SessionFinder,
    private readonly sessions: Sessions,
    private readonly forwarder: UpstreamForwarder,
    private readonly resumer: CallResumer,
    @InjectContext() private readonly context: ServiceContext,
  ) {}

  /** Opens the stream for what belongs to no request, or takes up one that broke (`Last-Event-ID`). */
  async get(incoming: IncomingPlain): Promise<void> {
    const { request, response } = incoming;
    if (!readAccept(request.headers.accept).stream) {
      const message = 'GET opens an event stream: Accept must have text/event-stream';
      return refuse(response, 406, rpcError(ErrorCode.ConnectionClosed, message));
    }
    const session = await this.finder.find(incoming);
    if (!session) return;
    const lastEventId = request.headers['last-event-id'];
    if (typeof lastEventId !== 'string' || lastEventId === '') {
      this.#holds(session);
      return session.general.openWithMissed(response);
    }
    const place = session.locate(lastEventId);
    if (place?.kind === 'general') return this.#takeUpGeneral(session, place, response);
    if (await place?.stream?.resume(response, place.seq)) return;
    if (response.destroyed) return;
    if (place?.origin && (await this.#takeUpFromLog(session, place as Located, response))) return;
    const message = `Last-Event-ID ${lastEventId.slice(0, 100)} is unknown, or what followed it is no longer kept`;
    refuse(response, 400, rpcError(ErrorCode.InvalidRequest, message));
  }

  async delete(incoming: IncomingPlain): Promise<void> {
    const session = await this.finder.find(incoming);
    if (!session) return;
    try {
      await this.sessions.end(session, 'client');
      incoming.response.writeHead(204).end();
    } catch (cause) {
      const error = rpcErrorOf(cause, 'signalbox', (err) => this.context.logger?.error({ err }, 'closing a session'));
      refuse(incoming.response, saysRetryable(error) ? 503 : 500, error, null, { 'retry-after': '1' });
    }
  }

  /**
   * Goes on with what belongs to no request. What another gateway had sent, or this one before it was started again, is gone
   * with it: the client reads all lists again.
   */
  async #takeUpGeneral(
    session: Session,
    { isOurs, stream, seq }: StreamPlace,
    response: ServerResponse,
  ): Promise<void> {
    this.#holds(session);
    if (isOurs) {
      if (await stream?.resume(response, seq)) return;
      // notifications that are gone do not keep a client from those to come
      return response.destroyed ? undefined : session.general.open(response);
    }
    await session.general.openWithMissed(response);
    session.general.comment(MISSED);
    for (const list of LISTS) {
      session.push(`notifications/${list}/list_changed`, undefined, session.lastUsed);
    }
  }

  /** @returns false when the log does not have it, with nothing written */
  async #takeUpFromLog(session: Session, { origin, seen }: Located, response: ServerResponse): Promise<boolean> {
    try {
      const refusal = await this.resumer.resume(session, origin, seen, response);
      if (refusal !== 'full') return refusal === undefined;
      const error = rpcError(GatewayCode.Overloaded, 'Too many streams are taken up from the log; try again later', {
        retryable: true,
      });
      refuse(response, 503, error, null, { 'retry-after': '1' });
    } catch (cause) {
      const error = rpcErrorOf(cause, 'signalbox', (err) => this.context.logger?.error({ err }, 'taking up a stream'));
      refuse(response, saysRetryable(error) ? 503 : 500, error, null, { 'retry-after': '1' });
    }
    return true;
  }

  /** From now on what servers say to the session outside of its requests comes to this gateway. */
  #holds(session: Session): void {
    session.noteGeneralOpened();
    const gateway = this.context.instanceId;
    this.forwarder.control({ kind: 'session-stream', sessionId: session.id, gateway });
  }
}
