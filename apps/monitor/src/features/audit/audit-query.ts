import * as z from 'zod';
import { queryOf, text } from '../../query-schemas.js';

const PARTITION = '[a-z0-9]+(?:-[a-z0-9]+)*';
const several = <T extends z.ZodType>(each: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(each).max(100).optional(),
  );

const partition = text(100).regex(new RegExp(`^${PARTITION}$`), 'must be the name of a partition such as gateway-1');

/** `gateway-1:57` or `gateway-1:57:<hash>`: a position that an auditor knows to have existed, and what its hash was. */
const anchor = text(300)
  .regex(
    new RegExp(`^${PARTITION}:\\d{1,15}(:[0-9a-f]{64})?$`),
    'must be partition:position or partition:position:hash',
  )
  .transform((value) => {
    const [name, position, hash] = value.split(':');
    return { partition: name!, position: Number(position), hash };
  });

export const verifySchema = queryOf({ partition: several(partition), expectedHead: several(anchor) });
export type VerifyQuery = z.infer<typeof verifySchema>;
export type Anchor = z.infer<typeof anchor>;
