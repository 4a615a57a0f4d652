/** MCP revisions that open with `initialize` and have sessions, newest first. */
export const SESSION_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

export type SessionRevision = (typeof SESSION_REVISIONS)[number];

/** MCP revisions whose requests each carry revision, client and capabilities in `_meta`, newest first. */
export const STATELESS_REVISIONS = ['2026-07-28'] as const;

export type StatelessRevision = (typeof STATELESS_REVISIONS)[number];

/** All revisions that are spoken here, newest first. */
export const SUPPORTED_REVISIONS: readonly string[] = [...STATELESS_REVISIONS, ...SESSION_REVISIONS];

export const LATEST_SESSION_REVISION: SessionRevision = SESSION_REVISIONS[0];

/** What a server of Streamable HTTP assumes when a request has no `MCP-Protocol-Version` header (2025-06-18, transports). */
export const ASSUMED_REVISION: SessionRevision = '2025-03-26';

export function isSessionRevision(value: unknown): value is SessionRevision {
  return (SESSION_REVISIONS as readonly unknown[]).includes(value);
}

export function isStatelessRevision(value: unknown): value is StatelessRevision {
  return (STATELESS_REVISIONS as readonly unknown[]).includes(value);
}

/** Whether a revision is one without sessions, also one that is not spoken here yet: revisions are dates. */
export function isOfStatelessEra(revision: string | undefined): boolean {
  return revision !== undefined && /^\d{4}-\d{2}-\d{2}/.test(revision) && revision >= '2026-07-28';
}

/** The revision to answer `initialize` with: the one asked for when we speak it, else our newest. */
export function negotiateRevision(asked: unknown): SessionRevision {
  return isSessionRevision(asked) ? asked : LATEST_SESSION_REVISION;
}
