import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a task's id says: which call it is about, and what proves that the id was given to the client. */
export interface TaskId {
  /** A ULID. */
  readonly callId: string;
  readonly secret: string;
}

const SECRET_BYTES = 18;
const TASK_ID = /^([0-9A-HJKMNP-TV-Z]{26})\.([0-9a-f]{36})$/;

/** A ULID can be guessed from another one: the secret, 144 random bits, is what keeps others out (Tasks extension, security). */
export function newTaskId(callId: string): TaskId {
  return { callId, secret: randomBytes(SECRET_BYTES).toString('hex') };
}

export function writeTaskId({ callId, secret }: TaskId): string {
  return `${callId}.${secret}`;
}

/** @returns undefined for what {@link writeTaskId} did not make */
export function readTaskId(text: unknown): TaskId | undefined {
  const [, callId, secret] = typeof text === 'string' ? (TASK_ID.exec(text) ?? []) : [];
  return callId === undefined ? undefined : { callId, secret: secret! };
}

/** What the log holds in place of the secret, in hex; a secret of so many random bits needs no salt. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function provesSecret(secret: string, hash: string): boolean {
  const [actual, expected] = [Buffer.from(hashOfSecret(secret)), Buffer.from(hash)];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
