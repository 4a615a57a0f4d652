/** MCP revisions that open with `initialize` and have sessions, newest first. */
export const SESSION_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export type SessionRevision = (typeof SESSION_REVISIONS)[number];

export const LATEST_SESSION_REVISION: SessionRevision = SESSION_REVISIONS[0];

/** What a server of Streamable HTTP assumes when a request has no `MCP-Protocol-Version` header (2025-06-18, transports). */
export const ASSUMED_REVISION: SessionRevision = '2025-03-26';

export function isSessionRevision(value: unknown): value is SessionRevision {
  return (SESSION_REVISIONS as readonly unknown[]).includes(value);
}

/** The revision to answer `initialize` with: the one asked for when we speak it, else our newest. */
export function negotiateRevision(asked: unknown): SessionRevision {
  return isSessionRevision(asked) ? asked : LATEST_SESSION_REVISION;
}
