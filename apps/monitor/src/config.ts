import type { ConfigSource } from '@signalbox/ports';
import * as z from 'zod';

const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);
const ms = (fallback: number, max = 3_600_000) => z.number().int().min(1).max(max).default(fallback);
const bytes = count;

export const monitorConfigSchema = z.strictObject({
  /** What may ask a monitor that listens on a loopback address, beside the loopback names. */
  http: z
    .strictObject({
      /** Values of `Host`: `name` for any port, or `name:port`. */
      allowedHosts: z.array(z.string().min(1)).max(100).default([]),
      /** Origins of web pages: `https://app.example.com`. */
      allowedOrigins: z.array(z.string().min(1)).max(100).default([]),
    })
    .prefault({}),
  /** `/events`. */
  events: z
    .strictObject({
      /** Events that one request with `principal` looks at before it answers with what it has and a cursor. */
      maxScanned: count(5_000, 100_000),
    })
    .prefault({}),
  /** `/events/stream`. */
  stream: z
    .strictObject({
      maxStreams: count(100, 10_000),
      /** Events that are read from the log at a time. */
      batch: count(200, 1_000),
      /** Least time between two reads of the log by one stream. */
      paceMs: ms(50),
      /** The same for `mode=newest`, of which a person reads along. */
      newestPaceMs: ms(250),
      /** Longest time between two reads, for stores that other processes append to. */
      pollMs: ms(1_000),
      keepAliveMs: ms(15_000),
      /** A reader that takes nothing for so long is disconnected with `event: lagging`. */
      stallMs: ms(30_000),
    })
    .prefault({}),
  /** `/calls`. */
  calls: z
    .strictObject({
      /** Calls that one request looks at before it answers with what it has and a cursor. */
      maxScanned: count(100_000, 10_000_000),
      /** Commits per partition that the projection takes at a time. */
      batch: count(500, 10_000),
      /** Least time between two looks at a log that is busy: a call whose events come together is written once. */
      coalesceMs: ms(50),
    })
    .prefault({}),
  /** `/calls/:id`. */
  story: z
    .strictObject({
      maxEvents: count(2_000, 100_000),
      /** Larger payloads are answered as a link. */
      inlineBlobBytes: bytes(256 * 1024, 64 * 1024 * 1024),
    })
    .prefault({}),
  /** `/metrics`. */
  metrics: z
    .strictObject({
      /** Running calls whose server is remembered until their outcome. */
      maxRunning: count(50_000, 1_000_000),
      /** Server names that get a label value of their own; the others share `other`. */
      maxServers: count(200, 10_000),
    })
    .prefault({}),
});

export type MonitorConfig = z.infer<typeof monitorConfigSchema>;

/** The monitor's section `signalbox.monitor` of the configuration file. @throws Error that names each wrong value by its path */
export function parseMonitorConfig(source: Pick<ConfigSource, 'section'>): MonitorConfig {
  const parsed = monitorConfigSchema.safeParse(source.section('monitor') ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${['signalbox.monitor', ...path].join('.')}: ${message}`,
  );
  throw new Error(faults.join('; '));
}
