import { describeWithServers, waitFor } from '@signalbox/testing';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StatelessWireClient } from '../../apps/gateway/test/stateless-client.js';
import { Installation, type ServiceProcess } from './support/distributed.js';

const config = {
  mcpServers: {
    asking: { command: process.execPath, args: [join(import.meta.dirname, 'support/asking-server.mjs')] },
  },
};
const SERVERS = ['AMQP_URL', 'MONGODB_URL', 'CONSUL_URL'] as const;
const SAMPLED = { role: 'assistant', content: { type: 'text', text: 'well.' }, model: 'm' };
const CALL = { name: 'asking__ask', arguments: {} };

describeWithServers(SERVERS, 'a client without a session that a server of sessions asks', (amqp, mongo, consul) => {
  let installation: Installation;
  let gateways: [ServiceProcess, ServiceProcess];

  const at = ({ url }: ServiceProcess) => new StatelessWireClient(`${url}/mcp`, { capabilities: { sampling: {} } });
  async function startGateway(): Promise<ServiceProcess> {
    const gateway = await installation.start('gateway');
    const listed = async () => JSON.stringify((await at(gateway).request('tools/list')).body).includes(CALL.name);
    await waitFor(listed, { timeoutMs: 60_000, what: `the tools at ${gateway.url}` });
    return gateway;
  }

  beforeAll(async () => {
    installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul! }, config);
    await installation.start('tool-executor');
    gateways = await Promise.all([startGateway(), startGateway()]);
  }, 180_000);
  afterAll(() => installation?.[Symbol.asyncDispose](), 60_000);

  async function asked(by: ServiceProcess): Promise<string> {
    const { body } = await at(by).request('tools/call', CALL);
    expect(body.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'input-1': { method: 'sampling/createMessage', params: { maxTokens: 10 } } },
    });
    return body.result.requestState;
  }
  const answer = (there: ServiceProcess, requestState: string, signal?: AbortSignal) =>
    at(there).request(
      'tools/call',
      { ...CALL, requestState, inputResponses: { 'input-1': SAMPLED } },
      signal ? { signal } : {},
    );

  it('answers at another gateway, and gets the result there', async () => {
    const { body } = await answer(gateways[1], await asked(gateways[0]));
    expect(body.result).toMatchObject({ resultType: 'complete', _meta: { 'io.signalbox/callId': expect.any(String) } });
    expect(JSON.parse(body.result.content[0].text)).toEqual(SAMPLED);
  });

  it('learns that the gateway which held its call is gone', async () => {
    const doomed = await startGateway();
    const state = await asked(doomed);
    await doomed.stop('SIGKILL');
    const refused = await waitFor(
      async () => {
        // until the broker knows that the gateway is gone, a message to it waits for nobody
        const reply = await answer(gateways[1], state, AbortSignal.timeout(5_000)).catch(() => undefined);
        return reply?.body.error?.code === -32602 ? reply.body.error : false;
      },
      { timeoutMs: 50_000, what: 'the refusal of the state' },
    );
    expect(refused.message).toContain('gone');
  }, 180_000);
});
