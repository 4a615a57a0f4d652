import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { Api } from './api.js';
import { CliError, EXIT } from './exit-codes.js';
import { Output } from './output.js';
import { serviceUrls } from './services.js';
import type { Surroundings } from './surroundings.js';

/** Options of every command that talks to services. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly url?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Options of every command that changes something. */
export interface ReasonOptions {
  readonly who: string;
  readonly why?: string;
}

/** What the commands have in common. */
export class Kit {
  readonly output: Output;
  /** What the program ends with when nothing is thrown. */
  exitCode: number = EXIT.ok;

  constructor(readonly surroundings: Surroundings) {
    this.output = new Output(surroundings.stdout, surroundings.stderr);
  }

  api({ url, timeout }: CommonOptions): Api {
    const { env } = this.surroundings;
    return new Api({
      urls: serviceUrls(url, env),
      token: env['SIGNALBOX_TOKEN'] || undefined,
      timeoutMs: timeout * 1_000,
    });
  }

  /** Adds a command that talks to services. @param usage name and arguments: `remove <name>` */
  talking(parent: Command, usage: string, description: string): Command {
    return parent
      .command(usage)
      .description(description)
      .option('--json', 'print JSON')
      .option('--url <url>', 'where the gateway is; the other services are at the ports after it')
      .option('--timeout <seconds>', 'how long to wait for an answer', positive, 30);
  }

  /** Adds a command that changes something: who and why are kept in the log. */
  changing(parent: Command, usage: string, description: string): Command {
    return this.talking(parent, usage, description)
      .option('--who <name>', 'who wants it; kept in the log', osUser())
      .option('--why <text>', 'why; kept in the log');
  }

  /** JSON when asked for, else what a person reads. */
  show(options: CommonOptions, value: unknown, human: (output: Output) => void): void {
    if (options.json) this.output.json(value);
    else human(this.output);
  }
}

export function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It must be a number above 0 and at most 86400.');
}

export function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError('It must be a whole number from 0 to 1000000.');
}

/** Collects an option that may be given several times. */
export function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** @param option for the error @throws CliError */
export function pairs(texts: readonly string[] | undefined, option: string): Record<string, string> {
  return Object.fromEntries(
    (texts ?? []).map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new CliError(`${option}: "${text}" is no NAME=VALUE`, EXIT.usage);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** A JSON object, as an option has it. @throws CliError */
export function jsonObject(text: string, option: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`${option}: not JSON: ${(error as Error).message}`, EXIT.usage);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CliError(`${option}: must be a JSON object such as {"name": "value"}`, EXIT.usage);
}

/** Everything that comes on a stream, as text. */
export async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // a container may run under a number that has no name
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
