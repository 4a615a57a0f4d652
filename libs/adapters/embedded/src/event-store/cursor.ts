import { InvalidCursorError } from '@signalbox/ports';

/** The place of one event in the whole log. */
export interface Place {
  readonly seq: number;
  readonly index: number;
}

export function encodeCursor({ seq, index }: Place): string {
  return Buffer.from(`${seq}.${index}`, 'latin1').toString('base64url');
}

/** @throws InvalidCursorError for anything that {@link encodeCursor} does not make */
export function decodeCursor(cursor: string): Place {
  const match =
    cursor.length <= 40 && /^(\d{1,15})\.(\d{1,3})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match) {
    const place = { seq: Number(match[1]), index: Number(match[2]) };
    if (encodeCursor(place) === cursor) return place;
  }
  throw new InvalidCursorError(`"${cursor.slice(0, 60)}" is not a cursor of this log; use one from an earlier answer`);
}
