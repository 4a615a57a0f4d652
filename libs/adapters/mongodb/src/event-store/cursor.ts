import { InvalidCursorError } from '@signalbox/ports';

/**
 * The place of one event among those that a search finds: its own place, and for the other partitions the newest
 * position before it. There is no order of the whole log that all writers could agree on without asking each other, so
 * a reader that goes on from a place asks each partition for what comes behind its own position.
 */
export interface Place {
  readonly partition: string;
  readonly position: number;
  readonly index: number;
  /** Partition → newest position before the event; the others have none. */
  readonly before: Readonly<Record<string, number>>;
}

/** Longer than the places of a thousand partitions. */
const MAX_LENGTH = 65_536;

export function encodeCursor({ partition, position, index, before }: Place): string {
  const others = Object.entries(before).filter(([name]) => name !== partition);
  return Buffer.from(JSON.stringify([partition, position, index, ...others.flat()])).toString('base64url');
}

/** @throws InvalidCursorError for anything that {@link encodeCursor} does not make */
export function decodeCursor(cursor: string): Place {
  const place = cursor.length <= MAX_LENGTH ? parse(cursor) : undefined;
  if (place && encodeCursor(place) === cursor) return place;
  throw new InvalidCursorError(`"${cursor.slice(0, 60)}" is not a cursor of this log; use one from an earlier answer`);
}

function parse(cursor: string): Place | undefined {
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(list) || list.length % 2 === 0) return undefined;
  const [partition, position, index, ...others] = list as unknown[];
  if (typeof partition !== 'string' || !isCount(position) || !isCount(index)) return undefined;
  const before: Record<string, number> = {};
  for (let i = 0; i < others.length; i += 2) {
    const [name, newest] = [others[i], others[i + 1]];
    if (typeof name !== 'string' || !isCount(newest)) return undefined;
    before[name] = newest;
  }
  return { partition, position, index, before };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
