import * as z from 'zod';
import { CONFIG_LAYERS, configOverlayEntrySchema } from '../config/config-tree.js';
import { blobRefSchema } from '../payload.js';
import { defineEvent } from './define.js';

const layer = z.enum(CONFIG_LAYERS);

/** One place in which two versions differ, named as in RFC 6902. */
export const configDifferenceSchema = z.object({
  op: z.enum(['add', 'remove', 'replace']),
  /** `mcpServers.github.url`. */
  path: z.string(),
  /** Secrets are `***`, also when the secret is what changed. */
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
export type ConfigDifference = z.infer<typeof configDifferenceSchema>;

/** In the stream `config`, whose versions are the versions of the configuration. */
export const configChanged = defineEvent({
  type: 'config.changed',
  title: 'ConfigChanged',
  owners: ['registry'],
  schema: z.object({
    /** From 1; the version of the stream. */
    version: z.number().int().min(1),
    cause: z.enum(['start', 'edit', 'rollback']),
    /** The layers that changed; at a start, those that there are. */
    sources: z.array(layer),
    /** A person or a program where it is known, else where the change was made: `file /etc/signalbox.json`. */
    who: z.string(),
    why: z.string().optional(),
    /** What is other than in the version before; empty in the first. */
    changes: z.union([z.array(configDifferenceSchema), blobRefSchema]),
    /** All of it as written in the sources, merged; secrets masked. */
    document: z.union([blobRefSchema, z.record(z.string(), z.unknown())]),
    /** Changed paths that are read at the start only. */
    needsRestart: z.array(z.string()),
    /** Whose document this version has again. */
    rolledBackTo: z.number().int().optional(),
    /** What rollbacks still hold in place. */
    overlay: z.array(configOverlayEntrySchema).optional(),
  }),
});

/** In the stream `config-refused`: an edit that is wrong. What ran before goes on. */
export const configRefused = defineEvent({
  type: 'config.refused',
  title: 'ConfigRefused',
  owners: ['registry'],
  schema: z.object({
    source: layer,
    /** The file, or the prefix in Consul. */
    where: z.string(),
    problems: z.array(z.object({ path: z.string(), message: z.string() })),
    /** That goes on. */
    version: z.number().int(),
  }),
});

export const configEvents = [configChanged, configRefused] as const;
