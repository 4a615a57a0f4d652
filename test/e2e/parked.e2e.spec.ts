import { describeWithServers, waitFor } from '@signalbox/testing';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { StatelessWireClient } from '../../apps/gateway/test/stateless-client.js';
import { Installation, type ServiceProcess } from './support/distributed.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-parked-'));
const runs = join(folder, 'runs');
const config = {
  mcpServers: {
    asking: { command: process.execPath, args: [join(import.meta.dirname, 'support/asking-server.mjs'), runs] },
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
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function asked(by: ServiceProcess, call: Record<string, unknown> = CALL): Promise<string> {
    const { body } = await at(by).request('tools/call', call);
    expect(body.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'input-1': { method: 'sampling/createMessage', params: { maxTokens: 10 } } },
    });
    return body.result.requestState;
  }
  const answer = (there: ServiceProcess, requestState: string, call: Record<string, unknown> = CALL) =>
    at(there).request('tools/call', { ...call, requestState, inputResponses: { 'input-1': SAMPLED } });
  const timesRun = (): number => readFileSync(runs, 'utf8').split('\n').length - 1;

  it('answers at another gateway, and gets the result there', async () => {
    const { body } = await answer(gateways[1], await asked(gateways[0]));
    expect(body.result).toMatchObject({ resultType: 'complete', _meta: { 'io.signalbox/callId': expect.any(String) } });
    expect(JSON.parse(body.result.content[0].text)).toEqual(SAMPLED);
  });

  it(
    'goes on with its call at another gateway when the one that held it was killed',
    { timeout: 180_000 },
    async () => {
      const call = { ...CALL, arguments: { times: 2 } };
      const doomed = await startGateway();
      const state = await asked(doomed, call);
      // its answer goes the way of what is told of the first call, behind it: that has arrived now
      await answer(doomed, await asked(doomed));
      const before = timesRun();
      await doomed.stop('SIGKILL');
      const again = await answer(gateways[1], state, call);
      expect(again.body.result, JSON.stringify(again.body)).toMatchObject({
        resultType: 'input_required',
        inputRequests: { 'input-1': { method: 'sampling/createMessage' } },
      });
      // each state is good for one answer, and for this request
      expect((await answer(gateways[0], state, call)).body.error).toMatchObject({ code: -32602 });
      const { body } = await answer(gateways[0], again.body.result.requestState, call);
      expect(JSON.parse(body.result.content[0].text)).toEqual(SAMPLED);
      expect(timesRun()).toBe(before);
      // and once it is over, what it came to is in the log
      const { body: late } = await answer(gateways[0], state, call);
      expect(late.result).toMatchObject({ content: [{ type: 'text' }], _meta: { 'io.signalbox/replayed': true } });
      expect(timesRun()).toBe(before);
    },
  );
});
