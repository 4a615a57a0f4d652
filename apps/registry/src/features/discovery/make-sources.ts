import type { ConfigSource } from '@signalbox/ports';
import type { DiscoveryConfig } from './discovery-config.js';
import type { DiscoverySource } from './source.js';
import { ConsulSource } from './sources/consul-source.js';
import { DnsSource } from './sources/dns-source.js';
import { FilesSource } from './sources/files-source.js';
import { ScanSource } from './sources/scan-source.js';

/**
 * All sources that are configured, those first whose word counts first.
 * @param env with `CONSUL_URL`, for sources that name no agent
 * @throws Error when there is no agent for a source
 */
export function makeSources(config: DiscoveryConfig, env: ConfigSource['env'], version: string): DiscoverySource[] {
  return [
    ...config.files.map((source) => new FilesSource(source)),
    ...config.dns.map((source) => new DnsSource(source)),
    ...config.consul.map((source, index) => {
      const url = source.url ?? env['CONSUL_URL'];
      if (url) return new ConsulSource(source, url);
      throw new Error(`signalbox.discovery.consul[${index}].url: missing, and CONSUL_URL is not set`);
    }),
    ...config.scan.map((source) => new ScanSource(source, version)),
  ];
}
