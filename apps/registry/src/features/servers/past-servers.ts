import { Injectable } from '@nestjs/common';
import { upstreamSettingsSchema } from '@signalbox/contracts';
import { PastLog } from '../as-of/past-log.js';
import { serverAnswer, type ServerAnswer } from './server-answer.js';
import { foldServer, SERVER_EVENTS, serverOf, type KnownServer } from './server-fold.js';

/** Upstream servers as they were, from the log. */
@Injectable()
export class PastServers {
  constructor(private readonly log: PastLog) {}

  /**
   * Those that were defined then, by name.
   * @param asOf RFC 3339
   * @throws ProblemException as {@link PastLog.read}
   */
  async list(asOf: string): Promise<ServerAnswer[]> {
    const known = [...(await this.#all(asOf)).values()].filter(({ view }) => view.state !== 'removed');
    return known.map(answerOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Also one that was removed by then. */
  async get(name: string, asOf: string): Promise<ServerAnswer | undefined> {
    const known = (await this.#all(asOf)).get(name);
    return known && answerOf(known);
  }

  async #all(asOf: string): Promise<Map<string, KnownServer>> {
    const servers = new Map<string, KnownServer>();
    await this.log.read(SERVER_EVENTS, asOf, (event) => {
      const name = serverOf(event);
      const known = name === undefined ? undefined : foldServer(servers.get(name), event);
      if (known) servers.set(name!, known);
    });
    return servers;
  }
}

/** With the settings that it had then: they are part of the definition in the log. */
function answerOf(known: KnownServer): ServerAnswer {
  return serverAnswer(known, upstreamSettingsSchema.safeParse(known.view.definition?.['signalbox']).data);
}
