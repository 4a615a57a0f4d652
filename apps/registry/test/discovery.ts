import { waitFor } from '@signalbox/testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SourceReport } from '../src/features/discovery/discovery-answer.js';
import { registryForTest, type RegistryOptions, type RunningForTest } from './running-service.js';

interface FoundDefinition {
  readonly url?: string;
  readonly instances?: readonly { readonly url: string; readonly weight: number }[];
}

export interface DiscoveryForTest extends RunningForTest {
  /** Waits until what `GET /discovery` says of a source is so. */
  until(source: string, holds: (report: SourceReport) => boolean): Promise<SourceReport>;
  /** The servers that were found, by name. */
  servers(): Promise<{ name: string; state: string; target: string; source: string; definition: FoundDefinition }[]>;
}

/** A registry with this `signalbox.discovery`; it looks only when it is told to, unless the section says otherwise. */
export async function discoveryForTest(section: object, options: RegistryOptions = {}): Promise<DiscoveryForTest> {
  const discovery = { intervalMs: 3_600_000, ...section };
  const running = await registryForTest({ ...options, sections: { discovery } });
  const { http } = running;
  const report = async (name: string): Promise<SourceReport> => {
    const { body } = await http.get('/discovery').expect(200);
    return body.data.sources.find((one: SourceReport) => one.name === name);
  };
  return {
    ...running,
    until: async (name, holds) => {
      let last: SourceReport | undefined;
      const isSo = async () => holds((last = await report(name))) && last;
      return waitFor(isSo, { timeoutMs: 15_000, what: `source ${name}` }).catch((error: Error) => {
        throw new Error(`${error.message}; it was ${JSON.stringify(last)}`, { cause: error });
      });
    },
    servers: async () => {
      const { body } = await http.get('/servers').expect(200);
      return body.data.filter(({ source }: { source: string }) => source.startsWith('discovered:'));
    },
  };
}

/** An HTTP server that is no MCP server. @returns its port */
export async function otherServerForTest(status = 404): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end('no'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
