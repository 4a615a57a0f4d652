import { Injectable } from '@nestjs/common';
import type { RpcError } from '@signalbox/contracts';
import { MethodRouter } from '@signalbox/mcp';
import { InjectContext, type ServiceContext } from '@signalbox/nest-kit';
import type { Clock } from '@signalbox/ports';
import type { Caller } from '../../caller.js';
import { Backends } from '../forward/backends.js';
import { AnswerStreams } from '../listen/answer-streams.js';
import { Listens } from '../listen/listens.js';
import { FORWARDED } from '../mcp-endpoint/forwarded-methods.js';
import { isOnlyOfSessions } from './era-methods.js';
import { WireAnswers } from './wire-answers.js';

/** What a resource of a server that says nothing of keeping may be kept for: it may be another the next moment. */
const UNSAID = { ttlMs: 0, cacheScope: 'private' } as const;

/** Everything beside the request itself that serving MCP 2026-07-28 needs; one provider, so that constructors stay short. */
@Injectable()
export class StatelessSurroundings {
  readonly answers: WireAnswers;
  readonly clock: Clock;
  /** This gateway's instance. */
  readonly gateway: string;
  readonly #known = new Set<string>();

  constructor(
    readonly streams: AnswerStreams,
    readonly listens: Listens,
    private readonly router: MethodRouter<Caller>,
    private readonly backends: Backends,
    @InjectContext() { version, ports, instanceId }: ServiceContext,
  ) {
    this.clock = ports.clock;
    this.gateway = instanceId;
    this.answers = new WireAnswers({ name: 'signalbox', title: 'Signalbox', version }, UNSAID);
  }

  /** Why a request that needs executors cannot be served now. */
  refusalOf(method: string): RpcError | undefined {
    return FORWARDED.has(method) ? this.backends.refusal(method === 'tools/call') : undefined;
  }

  /** Whether there is such a method in this era. */
  has(method: string): boolean {
    if (this.#known.has(method)) return true;
    if (isOnlyOfSessions(method) || !this.router.methods.includes(method)) return false;
    this.#known.add(method);
    return true;
  }
}
