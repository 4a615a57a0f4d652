import * as z from 'zod';
import { SERVICE_NAMES } from '../services.js';
import { defineEvent } from './define.js';

/** What an operator can tell an instance of a service to do. */
export const INSTANCE_COMMANDS = ['restart', 'update-config'] as const;
export type InstanceCommandName = (typeof INSTANCE_COMMANDS)[number];

/** How busy an instance is: `silent` is one whose reports have ceased. */
export const LOAD_BANDS = ['normal', 'high', 'full', 'silent'] as const;
export type LoadBand = (typeof LOAD_BANDS)[number];

/** What an instance that was told to read its configuration anew has found. Paths only: values may be secrets. */
export const configUpdateSchema = z.object({
  /** Paths whose values are other than before. */
  changed: z.array(z.string()),
  /** Paths that count from the next start of the process on. */
  needsRestart: z.array(z.string()),
  /** What is wrong in a source: what was there before goes on. */
  problems: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type ConfigUpdate = z.infer<typeof configUpdateSchema>;

const ofCommand = {
  /** ULID of the command. */
  commandId: z.string(),
  instanceId: z.string(),
};

/** In the stream `commands-<instanceId>`, as all events of commands: an instance has one command at a time. */
export const instanceCommanded = defineEvent({
  type: 'instance.commanded',
  title: 'InstanceCommanded',
  owners: ['registry'],
  schema: z.object({
    ...ofCommand,
    serviceName: z.string(),
    command: z.enum(INSTANCE_COMMANDS),
    who: z.string(),
    why: z.string().optional(),
    /** RFC 3339: what is not done by then has failed. */
    deadline: z.iso.datetime(),
  }),
});

/** Written by the instance before it does anything: of several that receive the command, one can write it. */
export const instanceCommandAccepted = defineEvent({
  type: 'instance.command.accepted',
  title: 'InstanceCommandAccepted',
  owners: SERVICE_NAMES,
  schema: z.object({
    ...ofCommand,
    /** The run of the service that accepted it; a restart is done when another one is heard of. */
    run: z.string(),
  }),
});

export const instanceCommandCompleted = defineEvent({
  type: 'instance.command.completed',
  title: 'InstanceCommandCompleted',
  owners: SERVICE_NAMES,
  schema: z.object({
    ...ofCommand,
    /** Of `restart`: the new run of the service. */
    run: z.string().optional(),
    /** Of `update-config`. */
    config: configUpdateSchema.optional(),
  }),
});

export const instanceCommandFailed = defineEvent({
  type: 'instance.command.failed',
  title: 'InstanceCommandFailed',
  owners: SERVICE_NAMES,
  schema: z.object({ ...ofCommand, reason: z.string() }),
});

/** An instance is in another band of load for at least two reports. The reports themselves are not in the log. */
export const instanceLoadChanged = defineEvent({
  type: 'instance.load_changed',
  title: 'InstanceLoadChanged',
  owners: ['registry'],
  schema: z.object({
    instanceId: z.string(),
    serviceName: z.string(),
    from: z.enum(LOAD_BANDS),
    to: z.enum(LOAD_BANDS),
    running: z.number().int().nonnegative(),
    queued: z.number().int().nonnegative(),
    capacity: z.number().int().positive(),
  }),
});

/** A registry leads: it hands out commands, and records what changes in a directory that does not do so itself. */
export const clusterLeaderElected = defineEvent({
  type: 'cluster.leader_elected',
  title: 'ClusterLeaderElected',
  owners: ['registry'],
  schema: z.object({
    instanceId: z.string(),
    /** Higher than that of every leader before. */
    term: z.number().int(),
  }),
});

export const clusterEvents = [
  instanceCommanded,
  instanceCommandAccepted,
  instanceCommandCompleted,
  instanceCommandFailed,
  instanceLoadChanged,
  clusterLeaderElected,
] as const;
