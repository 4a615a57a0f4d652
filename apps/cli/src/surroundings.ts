import type { ServiceName, UpstreamDefinition } from '@signalbox/contracts';
import type { ConfigProblem } from '@signalbox/ports';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration as it would be read at a start. */
export interface Inspected {
  readonly path: string | undefined;
  readonly problems: readonly ConfigProblem[];
  readonly isFatal: boolean;
  readonly settings:
    | {
        readonly profile: string;
        readonly dataDir: string;
        readonly servers: Readonly<Partial<Record<string, string>>>;
      }
    | undefined;
  readonly places: readonly {
    readonly service: ServiceName;
    readonly bind: string;
    readonly port: number;
    readonly url: string;
  }[];
  readonly usesDataFolder: boolean;
  readonly servers: readonly UpstreamDefinition[];
}

export type Inspect = (
  input: { readonly env: Environment; readonly argv: readonly string[] },
  prepares?: boolean,
) => Promise<Inspected>;

/** What the program runs in. Only `main.ts` knows the process. */
export interface Surroundings {
  readonly env: Environment;
  /** Arguments after the program's own name. */
  readonly argv: readonly string[];
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  readonly inspect: Inspect;
}
