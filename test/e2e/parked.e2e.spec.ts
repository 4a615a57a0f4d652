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
  let gateways: ServiceProcess[];

  const at = (index: number) =>
    new StatelessWireClient(`${gateways[index]!.url}/mcp`, { capabilities: { sampling: {} } });

  beforeAll(async () => {
    installation = await Installation.create({ amqp: amqp!, mongo: mongo!, consul: consul! }, config);
    await installation.start('tool-executor');
    gateways = await Promise.all([installation.start('gateway'), installation.start('gateway')]);
    for (const index of gateways.keys()) {
      const listed = async () => JSON.stringify((await at(index).request('tools/list')).body).includes(CALL.name);
      await waitFor(listed, { timeoutMs: 60_000, what: `the tools at ${gateways[index]!.url}` });
    }
  }, 180_000);
  afterAll(() => installation?.[Symbol.asyncDispose](), 60_000);

  async function asked(): Promise<string> {
    const { body } = await at(0).request('tools/call', CALL);
    expect(body.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'input-1': { method: 'sampling/createMessage', params: { maxTokens: 10 } } },
    });
    return body.result.requestState;
  }
  const answer = (index: number, requestState: string, signal?: AbortSignal) =>
    at(index).request(
      'tools/call',
      { ...CALL, requestState, inputResponses: { 'input-1': SAMPLED } },
      signal ? { signal } : {},
    );

  it('answers at another gateway, and gets the result there', async () => {
    const { body } = await answer(1, await asked());
    expect(body.result).toMatchObject({ resultType: 'complete', _meta: { 'io.signalbox/callId': expect.any(String) } });
    expect(JSON.parse(body.result.content[0].text)).toEqual(SAMPLED);
  });

  it('learns that the gateway which held its call is gone', async () => {
    const state = await asked();
    await gateways[0]!.stop('SIGKILL');
    const refused = await waitFor(
      async () => {
        // until the broker knows that the gateway is gone, a message to it waits for nobody
        const reply = await answer(1, state, AbortSignal.timeout(5_000)).catch(() => undefined);
        return reply?.body.error?.code === -32602 ? reply.body.error : false;
      },
      { timeoutMs: 50_000, what: 'the refusal of the state' },
    );
    expect(refused.message).toContain('gone');
  });
});
