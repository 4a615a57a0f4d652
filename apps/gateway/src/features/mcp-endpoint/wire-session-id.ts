import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What `Mcp-Session-Id` says: where the session's stream is, which one it is, and what proves that it was given to the client. */
export interface WireSessionId {
  /** Partition of the gateway that opened the session. */
  readonly home: string;
  /** A ULID. */
  readonly id: string;
  readonly secret: string;
}

const SECRET_BYTES = 18;
const WIRE = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.([0-9A-HJKMNP-TV-Z]{26})\.([0-9a-f]{36})$/;

/** A ULID can be guessed from another one: the random part, 144 bits, is what keeps others out. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

export function writeWireSessionId({ home, id, secret }: WireSessionId): string {
  return `${home}.${id}.${secret}`;
}

/** @returns undefined for what {@link writeWireSessionId} did not make */
export function readWireSessionId(text: string): WireSessionId | undefined {
  const [, home, id, secret] = WIRE.exec(text) ?? [];
  return home === undefined ? undefined : { home, id: id!, secret: secret! };
}

/** What the log holds in place of the secret, in hex; a secret of so many random bits needs no salt. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function provesSecret(secret: string, hash: string): boolean {
  const [actual, expected] = [Buffer.from(hashOfSecret(secret)), Buffer.from(hash)];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
