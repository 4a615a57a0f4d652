import * as z from 'zod';

/** One query parameter given once; Fastify makes an array of a repeated one. */
export const text = (max = 300) =>
  z.string({ error: 'must be given once, as text' }).min(1, 'must not be empty').max(max);

/** An RFC 3339 time with an offset, as UTC with milliseconds, which is the form that the log's times have. */
export const time = z
  .string({ error: 'must be given once, as text' })
  .pipe(z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time such as 2026-11-21T10:00:00Z' }))
  .transform((value) => new Date(value).toISOString());

/** A whole number in decimal digits. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string({ error: `must be a whole number from ${min} to ${max}, given once` })
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

/** The query of one endpoint: a parameter that it does not know is an error, so that a typing error is not a wider search. */
export function queryOf<Shape extends z.core.$ZodShape>(shape: Shape) {
  const allowed = Object.keys(shape).join(', ') || 'none';
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown parameter ${issue.keys?.join(', ')}; allowed: ${allowed}`
        : undefined,
  });
}

/** Refuses an empty span of time, naming `to`. */
export function checkSpan(
  query: { from?: string | undefined; to?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (query.from !== undefined && query.to !== undefined && query.from >= query.to) {
    context.addIssue({ code: 'custom', path: ['to'], message: 'must be later than from' });
  }
}
