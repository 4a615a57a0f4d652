import type { FoundServer } from '@signalbox/domain/discovery';
import type { DiscoveryConfig } from '../discovery-config.js';
import { portRange, type PortRange } from '../port-range.js';
import { probe } from '../probe.js';
import type { DiscoverySource, Findings } from '../source.js';

type ScanConfig = DiscoveryConfig['scan'][number];

/** Asks every port of a range whether an MCP server is there. */
export class ScanSource implements DiscoverySource {
  readonly kind = 'scan';
  readonly name: string;
  readonly where: string;
  readonly host: string;
  readonly range: PortRange;
  readonly #config: ScanConfig;
  readonly #version: string;

  /** @param version of this program, told to those that are asked */
  constructor(config: ScanConfig, version: string) {
    this.name = config.name;
    this.where = `${config.host}:${config.ports}${config.path}`;
    this.host = config.host;
    this.range = portRange(config.ports)!;
    this.#config = config;
    this.#version = version;
  }

  find(signal: AbortSignal): Promise<Findings> {
    return this.scan(this.range, signal);
  }

  /** @param range a part of {@link range} */
  async scan({ from, to }: PortRange, signal: AbortSignal): Promise<Findings> {
    const { host, path, parallel, probeMs } = this.#config;
    const found: (FoundServer & { port: number })[] = [];
    const problems: string[] = [];
    let next = from;
    const work = async (): Promise<void> => {
      for (let port = next++; port <= to; port = next++) {
        signal.throwIfAborted();
        const url = `http://${host}:${port}${path}`;
        const answer = await probe(url, probeMs, this.#version);
        if (answer === undefined) continue;
        if (answer.kind === 'refused') problems.push(`${url}: ${answer.reason}`);
        else found.push({ name: answer.name, entry: { url }, port });
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallel, to - from + 1) }, work));
    found.sort((a, b) => a.port - b.port);
    return { found: found.map(({ name, entry }) => ({ name, entry })), problems: problems.sort(), isPartial: false };
  }
}
