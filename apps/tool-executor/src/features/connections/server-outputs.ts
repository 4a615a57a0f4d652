import type { UpstreamDefinition } from '@signalbox/contracts';
import type { Clock } from '@signalbox/ports';
import type { Redactor } from '@signalbox/runtime';
import { ServerOutput, type OutputLimits } from './server-output.js';

const MASK = '***';
/** Shorter values are in every text. */
const SHORTEST_SECRET = 6;

/** What the stdio servers of this executor have written, by server; it outlives their processes. */
export class ServerOutputs {
  readonly #outputs = new Map<string, { output: ServerOutput; secrets: readonly string[] }>();

  constructor(
    private readonly limits: OutputLimits,
    private readonly redactor: Redactor,
    private readonly clock: Clock,
  ) {}

  get(server: string): ServerOutput | undefined {
    return this.#outputs.get(server)?.output;
  }

  /** That of the server of this name, for its new definition. */
  of({ name, target }: UpstreamDefinition): ServerOutput {
    const secrets = target.kind === 'stdio' ? secretsOf(target.env, this.redactor) : [];
    const known = this.#outputs.get(name);
    if (known) {
      known.secrets = [...new Set([...known.secrets, ...secrets])].slice(-100);
      return known.output;
    }
    const entry = { secrets, output: new ServerOutput(this.limits, this.clock, (line) => this.#scrub(name, line)) };
    this.#outputs.set(name, entry);
    return entry.output;
  }

  forget(server: string): void {
    this.#outputs.delete(server);
  }

  #scrub(server: string, line: string): string {
    let text = line;
    for (const secret of this.#outputs.get(server)?.secrets ?? []) text = text.replaceAll(secret, MASK);
    return this.redactor.redact(text) as string;
  }
}

/** What the definition hands to the process under a name that says that it is secret. */
function secretsOf(env: Readonly<Record<string, string>>, redactor: Redactor): string[] {
  return Object.entries(env)
    .filter(([, value]) => value.length >= SHORTEST_SECRET)
    .filter(([key, value]) => (redactor.redact({ [key]: value }) as Record<string, unknown>)[key] !== value)
    .map(([, value]) => value);
}
