import { childTraceparent } from '@signalbox/contracts';
import type { Span } from '@signalbox/ports';

/** A span of a trace that is not sampled: it says so to the next hop, and is nothing else. */
export class UnsampledSpan implements Span {
  private own: string | undefined;

  constructor(private readonly parent: string) {}

  get traceparent(): string {
    return (this.own ??= childTraceparent(this.parent));
  }

  setAttribute(): void {}

  fail(): void {}

  end(): void {}
}
