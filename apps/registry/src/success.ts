import * as z from 'zod';

/** The envelope of every successful answer of the registry. */
export interface Success<T> {
  readonly success: true;
  readonly data: T;
}

export const success = <T>(data: T): Success<T> => ({ success: true, data });

export const successOf = <T extends z.ZodType>(data: T) => z.object({ success: z.literal(true), data });
