import { Injectable } from '@nestjs/common';
import { API_SOURCE, createEvent, discoveredBy, type UpstreamDefinition } from '@signalbox/contracts';
import { checkDependencies, checkRedirect, checkRemoval } from '@signalbox/domain/server';
import { ProblemException } from '@signalbox/nest-kit';
import { isDeepStrictEqual } from 'node:util';
import { DefinitionCheck } from './definition-check.js';
import type { Reasons } from './lifecycle-schemas.js';
import { orProblem } from './refusal-problem.js';
import { ServerWriter } from './server-writer.js';

type Entry = Readonly<Record<string, unknown>>;

/** Who defines a server, when it is not the API. */
export interface Origin {
  /** `source` of the server. */
  readonly source: string;
  /** Whether it has to be approved before it is started: when it is new, and when its definition has changed. */
  readonly quarantined: boolean;
  /** Its instances come and go, which is no change that has to be approved. */
  readonly isService?: boolean;
}

const BY_API: Origin = { source: API_SOURCE, quarantined: false };

/** Servers that are defined by the API or found by discovery: they live in the log, and come back after a restart. */
@Injectable()
export class ServerDefiner {
  constructor(
    private readonly writer: ServerWriter,
    private readonly check: DefinitionCheck,
  ) {}

  /**
   * @param mustBeNew whether a server of that name must not be there
   * @returns whether it was not there before
   * @throws ProblemException 400 for a wrong definition, 409 when the name is taken or servers would depend on each other
   */
  async define(
    name: string,
    entry: Entry,
    reasons: Reasons,
    mustBeNew: boolean,
    { source, quarantined, isService = false }: Origin = BY_API,
  ): Promise<boolean> {
    const definition = await this.check.check(name, entry);
    this.#refuseConfigured(name);
    return this.writer.decide(async () => {
      const known = this.writer.known(name)?.view;
      const isNew = known === undefined || !known.life.exists;
      if (!isNew && mustBeNew) throw taken(name, known.source);
      orProblem(() => checkDependencies(name, definition.settings.dependsOn, this.writer.lives()));
      orProblem(() => checkRedirect(name, definition.settings.recovery?.redirectTo, this.writer.lives()));
      const kept = keptDefinition(entry, definition);
      const isSame = !isNew && isDeepStrictEqual(known.definition, kept);
      if (isSame && known.source === source) return false;
      const event = createEvent('server.registered', {
        server: name,
        transport: definition.target.kind,
        definition: kept,
        source,
        ...given(reasons),
      });
      const quarantine = createEvent('server.commanded', { server: name, command: 'quarantine', ...given(reasons) });
      const isKnown =
        isSame || (!isNew && isService && known.source === source && isSameService(known.definition ?? {}, kept));
      await this.writer.append(name, event, ...(quarantined && !isKnown ? [quarantine] : []));
      return isNew;
    });
  }

  /**
   * @param by the source that must have defined it
   * @throws ProblemException 409 when another source has it, or other servers depend on it
   */
  async remove(name: string, reasons: Reasons, by: string = API_SOURCE): Promise<void> {
    this.#refuseConfigured(name);
    await this.writer.decide(async () => {
      const known = this.writer.known(name)?.view;
      if (!known?.life.exists) return;
      if (known.source !== by && discoveredBy(known.source ?? '') !== undefined) throw foundAgain(name, known.source!);
      orProblem(() => checkRemoval(name, this.writer.lives()));
      const { who, why } = reasons;
      const reason = `removed by ${who}${why === undefined ? '' : `: ${why}`}`;
      await this.writer.append(name, createEvent('server.removed', { server: name, reason, ...given(reasons) }));
    });
  }

  #refuseConfigured(name: string): void {
    const source = this.check.configuredIn(name);
    if (source !== undefined) throw taken(name, source);
  }
}

function foundAgain(name: string, source: string): ProblemException {
  const detail = `${name} was found by discovery (${discoveredBy(source)}) and would be found again; quarantine it instead`;
  return new ProblemException(409, 'Conflict', { detail, name, source });
}

function taken(name: string, source: string | undefined): ProblemException {
  const how =
    source === API_SOURCE
      ? 'is there already; PUT changes it'
      : discoveredBy(source ?? '') !== undefined
        ? `was found by discovery (${discoveredBy(source!)}); PUT takes it over`
        : `comes from the configuration (${source ?? 'unknown'}); change it there`;
  return new ProblemException(409, 'Conflict', { detail: `${name} ${how}`, name, source });
}

/** As it came, so that references stay references, with all settings as they are now: later defaults do not change it. */
function keptDefinition(entry: Entry, { settings }: UpstreamDefinition): Record<string, unknown> {
  const { disabled: _disabled, ...kept } = entry;
  // as it is after a way through JSON, so that it compares with what the log has
  return JSON.parse(JSON.stringify({ ...kept, signalbox: settings })) as Record<string, unknown>;
}

/** Whether two definitions differ in nothing but the instances that the service has. */
function isSameService(before: Entry, after: Entry): boolean {
  if (!Array.isArray(before['instances']) || !Array.isArray(after['instances'])) return false;
  const { instances: _before, ...rest } = before;
  const { instances: _after, ...others } = after;
  return isDeepStrictEqual(rest, others);
}

function given({ who, why }: Reasons): { who: string; why?: string } {
  return { who, ...(why === undefined ? {} : { why }) };
}
