import type { FoundServer } from '@signalbox/domain/discovery';

export const SOURCE_KINDS = ['files', 'dns', 'consul', 'scan'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export interface Findings {
  readonly found: readonly FoundServer[];
  /** What is wrong with what was asked, without being a failure of the whole. */
  readonly problems: readonly string[];
  /** A part could not be asked: what is not among `found` may be there all the same. */
  readonly isPartial: boolean;
}

/** Somewhere that MCP servers may be found. */
export interface DiscoverySource {
  readonly name: string;
  readonly kind: SourceKind;
  /** For people: a path, a name in DNS, a URL, a range. */
  readonly where: string;
  /** Looks once. @throws Error that says why it cannot be asked now */
  find(signal: AbortSignal): Promise<Findings>;
  /** Hears when it is worth looking before the next turn. @returns what ends that */
  watch?(changed: () => void): () => Promise<void>;
}
