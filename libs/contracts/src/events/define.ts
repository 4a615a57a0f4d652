import type * as z from 'zod';
import type { ServiceName } from '../services.js';

/** One version of an event type, as it may be appended. */
export interface EventDefinition<Type extends string = string, Schema extends z.ZodType = z.ZodType> {
  /** Dotted routing key; also the CloudEvents `type`. */
  readonly type: Type;
  /** The name that the class of this event has in prose and in code: `ToolCallCompleted`. */
  readonly title: string;
  readonly version: number;
  /** The services that may append it. */
  readonly owners: readonly ServiceName[];
  readonly schema: Schema;
  /** `upcasters[n]` turns data of version n into data of version n+1. Pure. */
  readonly upcasters: Readonly<Record<number, (data: unknown) => unknown>>;
}

interface Definition<Type extends string, Schema extends z.ZodType> {
  type: Type;
  title: string;
  version?: number;
  owners: readonly ServiceName[];
  schema: Schema;
  upcasters?: Readonly<Record<number, (data: unknown) => unknown>>;
}

export function defineEvent<const Type extends string, Schema extends z.ZodType>(
  definition: Definition<Type, Schema>,
): EventDefinition<Type, Schema> {
  const { version = 1, upcasters = {} } = definition;
  for (let from = 1; from < version; from++) {
    if (!upcasters[from]) throw new Error(`${definition.type}: no upcaster from version ${from}`);
  }
  return { ...definition, version, upcasters };
}
