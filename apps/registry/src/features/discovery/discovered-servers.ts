import { Injectable } from '@nestjs/common';
import { discoveredBy, discoveredSource, SERVICE_NAMES } from '@signalbox/contracts';
import type { DefinedServer, PlannedServer } from '@signalbox/domain/discovery';
import { InjectDirectory, ProblemException } from '@signalbox/nest-kit';
import type { ServiceDirectory } from '@signalbox/ports';
import { EntityLog } from '../../entity-log.js';
import { ServerDefiner } from '../lifecycle/server-definer.js';
import { ServerViews } from '../servers/server-views.js';

const WHO = 'discovery';
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]']);

/** What discovery knows of the servers there are, and how it adds to them: as the API does. */
@Injectable()
export class DiscoveredServers {
  /** Name → the entry that was taken, and the definition that the log had then: what is the same needs no other look. */
  readonly #taken = new Map<string, { entry: string; source: string; definition: unknown }>();

  constructor(
    private readonly views: ServerViews,
    private readonly definer: ServerDefiner,
    private readonly entityLog: EntityLog,
    @InjectDirectory() private readonly directory: ServiceDirectory,
  ) {}

  /** All servers there are, as the log has them now. */
  async defined(): Promise<DefinedServer[]> {
    await this.entityLog.caughtUp();
    return this.views
      .all()
      .flatMap(({ view: { server, life, source = '', definition = {} } }) =>
        life.exists ? [{ name: server, source, entry: definition }] : [],
      );
  }

  /** Names of those that a source has found. */
  of(source: string): string[] {
    return this.views
      .all()
      .filter(({ view }) => view.life.exists && discoveredBy(view.source ?? '') === source)
      .map(({ view }) => view.server);
  }

  /** @returns why it is not taken, or undefined */
  async define({ name, entry, source, group }: PlannedServer, quarantined: boolean): Promise<string | undefined> {
    const text = JSON.stringify(entry);
    const before = this.#taken.get(name);
    const known = this.views.get(name)?.view;
    if (known && before?.entry === text && before.source === source && before.definition === known.definition)
      return undefined;
    const origin = { source: discoveredSource(source), quarantined, isService: group !== undefined };
    const refused = await refusalOf(
      this.definer.define(name, entry, { who: WHO, why: `found by ${source}` }, false, origin),
    );
    if (refused === undefined) {
      this.#taken.set(name, { entry: text, source, definition: this.views.get(name)?.view.definition });
    }
    return refused;
  }

  /** @returns why it stays, or undefined */
  async remove(name: string): Promise<string | undefined> {
    const source = this.views.get(name)?.view.source ?? '';
    this.#taken.delete(name);
    const why = `no longer found by ${discoveredBy(source) ?? source}`;
    return refusalOf(this.definer.remove(name, { who: WHO, why }, source));
  }

  /** Tells which URLs are those of this Signalbox itself: they are no upstream servers. */
  async ownEndpoints(): Promise<(url: string) => boolean> {
    const own = new Set<string>();
    for (const serviceName of SERVICE_NAMES) {
      for (const { host, port } of await this.directory.findServices({ serviceName }))
        own.add(`${common(host)}:${port}`);
    }
    return (text) => {
      const url = URL.parse(text);
      const port = url?.port || (url?.protocol === 'https:' ? '443' : '80');
      return url !== null && own.has(`${common(url.hostname)}:${port}`);
    };
  }
}

const common = (host: string): string => (LOOPBACK.has(host) || host === '::1' ? '127.0.0.1' : host.toLowerCase());

/** What is refused says so; anything else, such as a log that is away, is thrown. */
async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof ProblemException) || error.getStatus() >= 500) throw error;
    return (error.getResponse() as { detail?: string }).detail ?? error.message;
  }
}
