import { SERVER_COMMANDS } from '@signalbox/contracts';
import * as z from 'zod';

export const who = z.string().trim().min(1).max(200).default('anonymous').describe('Who wants it; kept in the log');
export const why = z.string().trim().min(1).max(1_000).optional().describe('Kept in the log');
export const nameSchema = z.string().min(1).max(100);

export const commandName = z.enum(SERVER_COMMANDS, { error: `must be one of: ${SERVER_COMMANDS.join(', ')}` });

const definition = z
  .record(z.string(), z.unknown())
  .describe('As an entry of `mcpServers`; secrets only as ${NAME} of an environment variable');

/** What `POST /servers` takes. */
export const newServerSchema = z.strictObject({ name: z.string(), definition, who, why });
export type NewServer = z.infer<typeof newServerSchema>;

/** What `PUT /servers/:name` takes. */
export const definitionSchema = z.strictObject({ definition, who, why });
export type DefinitionBody = z.infer<typeof definitionSchema>;

/** What `POST /servers/:name/<command>` takes. */
export const commandSchema = z
  .strictObject({
    who,
    why,
    cascade: z
      .boolean()
      .default(true)
      .describe('Whether servers that depend on it are stopped first, and those that it depends on started first'),
  })
  .prefault({});
export type CommandBody = z.infer<typeof commandSchema>;

/** What `DELETE /servers/:name` takes in its query. */
export const removalSchema = z.strictObject({ who, why });
export type Removal = z.infer<typeof removalSchema>;

export interface Reasons {
  readonly who: string;
  readonly why?: string | undefined;
}
