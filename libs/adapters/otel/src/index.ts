export type { OtelTelemetryOptions } from './options.js';
export * from './otel-telemetry.js';
export type { SpanCounts } from './span-pipeline.js';
