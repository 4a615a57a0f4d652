import { configUpdateSchema, INSTANCE_COMMANDS } from '@signalbox/contracts';
import { COMMAND_STATES } from '@signalbox/domain/cluster';
import * as z from 'zod';
import { who, why } from '../lifecycle/lifecycle-schemas.js';

const MAX_TIMEOUT_MS = 600_000;

export const commandNameSchema = z.enum(INSTANCE_COMMANDS, {
  error: `must be one of: ${INSTANCE_COMMANDS.join(', ')}`,
});

/** What `POST /cluster/instances/:id/<command>` takes. */
export const instanceCommandSchema = z
  .strictObject({
    who,
    why,
    timeoutMs: z
      .number()
      .int()
      .min(1_000)
      .max(MAX_TIMEOUT_MS)
      .optional()
      .describe('Milliseconds after which it has failed; default `signalbox.registry.cluster.commandTimeoutMs`'),
  })
  .prefault({});
export type InstanceCommandBody = z.infer<typeof instanceCommandSchema>;

/** A command as the registry answers for it. */
export const commandViewSchema = z.object({
  commandId: z.string(),
  instanceId: z.string(),
  serviceName: z.string(),
  command: z.enum(INSTANCE_COMMANDS),
  who: z.string(),
  why: z.string().optional(),
  state: z.enum(COMMAND_STATES),
  requestedAt: z.string(),
  deadline: z.string(),
  acceptedAt: z.string().optional(),
  endedAt: z.string().optional(),
  acceptedBy: z.string().optional().describe('The run of the service that took it'),
  run: z.string().optional().describe('Of a restart: the run after it'),
  config: configUpdateSchema.optional().describe('Of update-config: the paths that changed'),
  reason: z.string().optional().describe('Why it failed'),
});
export type CommandAnswer = z.infer<typeof commandViewSchema>;
