import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectEventLog } from '@signalbox/nest-kit';
import { SuiteIdentity, type EventLog } from '@signalbox/runtime';
import { EntityLog } from '../../entity-log.js';
import { PastLog } from '../as-of/past-log.js';
import { foldServer, SERVER_EVENTS, serverOf, type KnownServer } from '../servers/server-fold.js';
import { ServerViews } from '../servers/server-views.js';
import { foldPeer, PEER_EVENTS, peerAnswer, peerOf, type PeerAnswer, type PeerLinkView } from './peer-answer.js';

/** The peers of this suite, as the log tells them. */
@Injectable()
export class PeerBook implements OnModuleInit {
  readonly #links = new Map<string, PeerLinkView>();
  readonly #suite: SuiteIdentity;

  constructor(
    private readonly log: EntityLog,
    private readonly servers: ServerViews,
    private readonly past: PastLog,
    @InjectEventLog() events: EventLog,
  ) {
    this.#suite = new SuiteIdentity(events);
  }

  onModuleInit(): void {
    this.log.onEvent((event) => {
      const peer = peerOf(event);
      const link = peer === undefined ? undefined : foldPeer(this.#links.get(peer), event);
      if (link) this.#links.set(peer!, link);
    });
  }

  /** The id of this suite. @throws StoreUnavailableError while the log is away and it was never read */
  suite(): Promise<string> {
    return this.#suite.read();
  }

  /** By name. */
  list(): PeerAnswer[] {
    return answers(this.servers.all(), this.#links);
  }

  /** As they were. @param asOf RFC 3339 @throws ProblemException as {@link PastLog.read} */
  async listAsOf(asOf: string): Promise<PeerAnswer[]> {
    const servers = new Map<string, KnownServer>();
    const links = new Map<string, PeerLinkView>();
    await this.past.read([...SERVER_EVENTS, ...PEER_EVENTS], asOf, (event) => {
      const server = serverOf(event);
      const known = server === undefined ? undefined : foldServer(servers.get(server), event);
      if (known) servers.set(server!, known);
      const peer = peerOf(event);
      const link = peer === undefined ? undefined : foldPeer(links.get(peer), event);
      if (link) links.set(peer!, link);
    });
    return answers([...servers.values()], links).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function answers(servers: readonly KnownServer[], links: ReadonlyMap<string, PeerLinkView>): PeerAnswer[] {
  return servers.flatMap((known) => peerAnswer(known, links.get(known.view.server)) ?? []);
}
