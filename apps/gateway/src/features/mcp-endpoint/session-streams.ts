import { Injectable } from '@nestjs/common';
import { endWithComment, ErrorCode, readAccept, rpcError } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import { rpcErrorOf, saysRetryable } from '../../errors.js';
import { UpstreamForwarder } from '../forward/upstream-forwarder.js';
import type { IncomingPlain } from './incoming.js';
import { refuse } from './refuse.js';
import { SessionFinder } from './session-finder.js';
import type { Session } from './session.js';
import { Sessions } from './sessions.js';

const MISSED = 'this session was at another gateway: what that had sent and was not received is lost';
const ANSWER_LOST =
  'this request was at another gateway, and its answer cannot be had here; a tool call is in the log with its outcome';
const LISTS = ['tools', 'prompts', 'resources'];

/** GET and DELETE of an endpoint with sessions. */
@Injectable()
export class SessionStreams {
  constructor(
    private readonly finder: SessionFinder,
    private readonly sessions: Sessions,
    private readonly forwarder: UpstreamForwarder,
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
    if (place && 'elsewhere' in place) return this.#fromElsewhere(session, place.elsewhere, incoming);
    if (place?.stream === session.general) this.#holds(session);
    if (place && (await place.stream.resume(response, place.seq))) return;
    if (response.destroyed) return;
    // notifications that are gone do not keep a client from those to come; an answer that is gone cannot be had any more
    if (place?.stream === session.general) return session.general.open(response);
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

  /** The client has read events of another gateway, or of this one before it was started again; those that followed are gone with it. */
  async #fromElsewhere(session: Session, kind: 'general' | 'request', { response }: IncomingPlain): Promise<void> {
    if (kind === 'request') return endWithComment(response, ANSWER_LOST);
    this.#holds(session);
    await session.general.openWithMissed(response);
    session.general.comment(MISSED);
    for (const list of LISTS) {
      session.push(`notifications/${list}/list_changed`, undefined, session.lastUsed);
    }
  }

  /** From now on what servers say to the session outside of its requests comes to this gateway. */
  #holds(session: Session): void {
    session.noteGeneralOpened();
    const gateway = this.context.instanceId;
    this.forwarder.control({ kind: 'session-stream', sessionId: session.id, gateway });
  }
}
