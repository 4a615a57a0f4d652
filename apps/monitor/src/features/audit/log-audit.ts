import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectEventStore, ProblemException, ProjectionHost } from '@signalbox/nest-kit';
import type { EventStore } from '@signalbox/ports';
import { verifyPartition, type PartitionVerdict } from '@signalbox/runtime';
import { setImmediate } from 'node:timers/promises';
import type { Anchor, VerifyQuery } from './audit-query.js';

/** Commits that are hashed before other work has its turn: about 2 ms. */
const BATCH = 128;

export interface AuditReport {
  readonly ok: boolean;
  readonly partitions: readonly PartitionVerdict[];
}

/**
 * Verifies the log one request at a time. Requests for the same share one walk; another one is refused with 429 meanwhile.
 * A chain cannot show that its end was cut off. What has been seen of it elsewhere can: anchors that the caller gives, and
 * the positions up to which this monitor's projections have read.
 */
@Injectable()
export class LogAudit implements BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  #running: { readonly key: string; readonly report: Promise<AuditReport> } | undefined;

  constructor(
    @InjectEventStore() private readonly events: EventStore,
    private readonly projections: ProjectionHost,
  ) {}

  /** @throws ProblemException 404 for an unknown partition, 429 while another verification runs */
  async verify(query: VerifyQuery): Promise<AuditReport> {
    const key = JSON.stringify(query);
    if (this.#running && this.#running.key !== key) {
      const detail = 'another verification of the log is running; ask again when it has ended';
      throw new ProblemException(429, 'Too Many Requests', { detail, retryable: true });
    }
    this.#running ??= { key, report: this.#verify(query).finally(() => (this.#running = undefined)) };
    return this.#running.report;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort(new ProblemException(503, 'Service Unavailable', { detail: 'the monitor is stopping' }));
    await this.#running?.report.catch(() => undefined);
  }

  async #verify({ partition: wanted, expectedHead = [] }: VerifyQuery): Promise<AuditReport> {
    const anchors = [...expectedHead, ...this.#positionsRead()];
    const inLog = (await this.events.partitions()).map((head) => head.partition);
    const known = [...new Set([...inLog, ...anchors.map((anchor) => anchor.partition)])].toSorted();
    const unknown = wanted?.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      const detail = `the log has no partition ${unknown}; it has ${known.join(', ') || 'none'}`;
      throw new ProblemException(404, 'Not Found', { detail });
    }
    const partitions: PartitionVerdict[] = [];
    for (const partition of wanted ? known.filter((name) => wanted.includes(name)) : known) {
      partitions.push(
        await this.#verifyOne(
          partition,
          anchors.filter((anchor) => anchor.partition === partition),
        ),
      );
    }
    return { ok: partitions.every(({ firstBad }) => firstBad === undefined), partitions };
  }

  async #verifyOne(partition: string, anchors: readonly Anchor[]): Promise<PartitionVerdict> {
    const politely = {
      partitions: () => this.events.partitions(),
      readPartition: async (...args: Parameters<EventStore['readPartition']>) => {
        await setImmediate();
        return this.events.readPartition(...args);
      },
    };
    const verdict = await verifyPartition(politely, partition, { batch: BATCH, signal: this.#stopping.signal });
    if (verdict.firstBad !== undefined) return verdict;
    for (const { position, hash } of anchors) {
      if (position > verdict.head) {
        const reason = `the partition ends at ${verdict.head}, but position ${position} is known to have existed`;
        return { ...verdict, firstBad: verdict.head + 1, reason };
      }
      if (hash === undefined || position === 0) continue;
      const [commit] = await this.events.readPartition(partition, position - 1, 1, { stored: true });
      if (commit?.hash !== hash) return { ...verdict, firstBad: position, reason: 'hash is not the expected one' };
    }
    return verdict;
  }

  #positionsRead(): Anchor[] {
    return this.projections
      .all()
      .flatMap((runner) => Object.entries(runner.status().checkpoint))
      .map(([partition, position]) => ({ partition, position, hash: undefined }));
  }
}
