import { Injectable } from '@nestjs/common';
import { API_SOURCE, joinPath, upstreamEntrySchema, type UpstreamDefinition } from '@signalbox/contracts';
import { InjectConfig, InjectDirectory, ProblemException } from '@signalbox/nest-kit';
import type { ConfigProblem, ConfigSource, ServerReader, ServiceDirectory } from '@signalbox/ports';
import { Redactor, redactionRulesSchema } from '@signalbox/runtime';
import { literalSecrets } from './definition-secrets.js';

const KNOWN_KEYS = [...new Set(upstreamEntrySchema.options.flatMap((option) => Object.keys(option.shape)))];
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]']);

/** Checks definitions that come by the API: as those of the file are, and for what must not be in the log. */
@Injectable()
export class DefinitionCheck {
  readonly #redactor: Redactor;

  constructor(
    @InjectConfig() private readonly config: ConfigSource & Partial<ServerReader>,
    @InjectDirectory() private readonly directory: ServiceDirectory,
  ) {
    this.#redactor = new Redactor(redactionRulesSchema.parse(config.section('redaction') ?? {}));
  }

  /** The source of a server that the configuration has, and that the API leaves alone. */
  configuredIn(name: string): string | undefined {
    return this.config.servers.find((server) => server.name === name)?.source;
  }

  /** @throws ProblemException 400 that names everything that is wrong, by path */
  async check(name: string, entry: Readonly<Record<string, unknown>>): Promise<UpstreamDefinition> {
    if (!this.config.readServer)
      throw new ProblemException(501, 'Not Implemented', { detail: 'servers are fixed here' });
    const problems: ConfigProblem[] = Object.keys(entry)
      .filter((key) => !KNOWN_KEYS.includes(key))
      .map((key) => ({
        path: joinPath('mcpServers', [name, key]),
        message: `unknown key; known: ${KNOWN_KEYS.join(', ')}`,
      }));
    const read = this.config.readServer(name, entry, API_SOURCE);
    if (!('name' in read)) throw wrong([...problems, ...read]);
    problems.push(...literalSecrets(name, entry, this.#redactor));
    if (await this.#isOwnGateway(read.target)) {
      problems.push({
        path: joinPath('mcpServers', [name, 'url']),
        message: "is this Signalbox's own gateway: calls would go round in a circle",
      });
    }
    if (problems.length > 0) throw wrong(problems);
    return read;
  }

  async #isOwnGateway(target: UpstreamDefinition['target']): Promise<boolean> {
    if (target.kind !== 'http') return false;
    const urls = (target.instances ?? [target]).map(({ url }) => new URL(url));
    const gateways = await this.directory.findServices({ serviceName: 'gateway' });
    return gateways.some((gateway) => urls.some((url) => isAt(gateway, url)));
  }
}

function isAt({ host: at, port: wanted }: { readonly host: string; readonly port: number }, url: URL): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (wanted !== port) return false;
  const host = at.includes(':') ? `[${at}]` : at;
  return url.hostname === host || (LOOPBACK.has(url.hostname) && LOOPBACK.has(host));
}

function wrong(errors: readonly ConfigProblem[]): ProblemException {
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new ProblemException(400, 'Bad Request', { detail, errors });
}
