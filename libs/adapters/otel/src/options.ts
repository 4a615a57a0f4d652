export interface OtelTelemetryOptions {
  /** Base URL of a collector that takes OTLP over HTTP: `http://127.0.0.1:4318`; `/v1/traces` and `/v1/metrics` are added. */
  readonly endpoint: string;
  /** Sent with every export, as for authorisation. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told as `service.version`. */
  readonly version?: string;
  /** Share of new traces that is sampled, 0 to 1; traces of callers are sampled as these say. Default 1. */
  readonly sampleRatio?: number;
  /** Finished spans that may wait, of all services; further ones are dropped. Default 8192. */
  readonly maxQueuedSpans?: number;
  /** Spans of one export; default 256: they are put into one text in one turn of the event loop. */
  readonly maxExportedSpans?: number;
  /** Milliseconds from a span's end to its export, at most, unless many are waiting; default 1000. */
  readonly exportDelayMs?: number;
  /** Milliseconds for one export, with what is tried again; default 5000. */
  readonly exportTimeoutMs?: number;
  /** Milliseconds that `close` waits for what is left; default 5000. */
  readonly closeTimeoutMs?: number;
  /** Whether metrics are sent too; default true. */
  readonly metrics?: boolean;
  /** Milliseconds between two times that metrics are sent; default 60 000. */
  readonly metricsIntervalMs?: number;
  /**
   * Hears, once each time that the collector goes away, that spans are dropped or metrics are late; and once that it takes
   * no metrics at all.
   */
  readonly onError?: (error: unknown, where: string) => void;
}

export type ResolvedOtelOptions = Required<OtelTelemetryOptions>;

/** @throws RangeError naming the option that is wrong and what is allowed */
export function resolveOtelOptions(options: OtelTelemetryOptions): ResolvedOtelOptions {
  const protocol = URL.parse(options.endpoint)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new RangeError(`endpoint is "${options.endpoint}"; a URL of http: or https: is allowed`);
  }
  const sampleRatio = options.sampleRatio ?? 1;
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) throw new RangeError(`sampleRatio is ${sampleRatio}; 0 to 1 is allowed`);
  const metricsIntervalMs = options.metricsIntervalMs ?? 60_000;
  if (!(metricsIntervalMs > 0)) {
    throw new RangeError(`metricsIntervalMs is ${metricsIntervalMs}; a number above 0 is allowed`);
  }
  return {
    ...options,
    sampleRatio,
    metrics: options.metrics ?? true,
    metricsIntervalMs,
    headers: options.headers ?? {},
    version: options.version ?? '',
    maxQueuedSpans: options.maxQueuedSpans ?? 8_192,
    maxExportedSpans: options.maxExportedSpans ?? 256,
    exportDelayMs: options.exportDelayMs ?? 1_000,
    exportTimeoutMs: options.exportTimeoutMs ?? 5_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 5_000,
    onError: options.onError ?? (() => undefined),
  };
}
