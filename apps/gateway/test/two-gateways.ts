import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { createEvent, EXECUTOR_CONTROL, type ExecuteCommand, type ExecutorControl } from '@signalbox/contracts';
import type { RunningService } from '@signalbox/nest-kit';
import type { Delivery, PortSet } from '@signalbox/ports';
import { waitFor } from '@signalbox/testing';
import { start } from '../src/index.js';
import { StatelessWireClient } from './stateless-client.js';
import { contextOf, startGateway, type GatewayUnderTest } from './gateway-under-test.js';

const MODERN = 'speaks 2026-07-28';

export interface HeldCall {
  readonly command: ExecuteCommand;
  readonly delivery: Delivery;
}

/** Two gateways on one log and one bus, with a server whose calls the test answers itself. */
export class TwoGateways {
  readonly controls: ExecutorControl[] = [];
  readonly #held: HeldCall[] = [];

  private constructor(
    readonly ports: PortSet,
    readonly one: GatewayUnderTest,
    readonly two: RunningService,
  ) {}

  static async start(
    gateway: object,
    tools: readonly { name: string; [field: string]: unknown }[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TwoGateways> {
    const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
    const one = await startGateway({ gateway, ports });
    const two = await start({ ...contextOf(ports, { gateway }), instanceId: 'gateway-2' });
    const both = new TwoGateways(ports, one, two);
    await ports.bus.consume({ name: 'test.control', topics: [EXECUTOR_CONTROL], exclusive: true }, ({ body }) => {
      both.controls.push(body as ExecutorControl);
      return 'ack';
    });
    await one.serve('s', { tools }, (command, delivery) => {
      both.#held.push({ command, delivery });
      return undefined;
    });
    for (const { url } of [one, two])
      await waitFor(() => both.#lists(url, tools[0]!.name, headers), { timeoutMs: 15_000, what: `tools at ${url}` });
    return both;
  }

  /** Makes the server one of MCP 2026-07-28. */
  async modernise(): Promise<void> {
    const about = {
      protocolVersion: '2026-07-28',
      serverInfo: { name: 's', version: '1' },
      capabilities: {},
      instructions: MODERN,
    };
    const event = createEvent('server.started', { server: 's', executor: 'tool-executor-1', ...about });
    await this.one.append('tool-executor-1', 'upstream-s', event);
    for (const { url } of [this.one, this.two]) {
      const client = new StatelessWireClient(`${url}/mcp`);
      const says = async () => (await client.request('server/discover')).body.result?.instructions ?? '';
      await waitFor(async () => (await says()).includes(MODERN), {
        timeoutMs: 15_000,
        what: `the change of the server at ${url}`,
      });
    }
  }

  /** The next call that arrived for the server. */
  async nextCall(): Promise<HeldCall> {
    await waitFor(() => this.#held.length > 0, { timeoutMs: 15_000, what: 'a call' });
    return this.#held.shift()!;
  }

  async stop(): Promise<void> {
    await this.two.stop();
    await this.one.stop();
  }

  async #lists(url: string, tool: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
    return (await (await fetch(`${url}/tools`, { headers })).text()).includes(`s__${tool}`);
  }
}
