import { waitFor } from '@signalbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ComposeProject, hasDocker } from './support/compose-project.js';

const BUILD_MS = 420_000;
const UP_MS = 300_000;
const BACK_WITHIN_MS = 90_000;
const FILES = ['docker-compose.yml', 'deploy/compose/production.yml', 'test/compose/one-database.yml'];

describe.skipIf(!(await hasDocker()))('the production overlay', () => {
  let project: ComposeProject;

  beforeAll(async () => {
    const secrets = { RABBITMQ_PASSWORD: 'of-the-broker', RABBITMQ_ERLANG_COOKIE: 'OFTHEBROKERSNODES' };
    project = await ComposeProject.create(FILES, secrets);
    await project.build(BUILD_MS);
    await project.up({ 'tool-executor': 2 }, UP_MS);
  }, BUILD_MS + UP_MS);
  afterAll(async () => project?.[Symbol.asyncDispose](), 180_000);

  const echo = async (): Promise<any> => {
    const answer = await fetch(`${project.url('GATEWAY_PORT')}/tools/everything__echo/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${project.token}` },
      body: JSON.stringify({ arguments: { message: 'hello' } }),
      signal: AbortSignal.timeout(20_000),
    });
    return (await answer.json()).result?.content[0]?.text;
  };
  const serves = (what: string): Promise<unknown> =>
    waitFor(async () => (await echo()) === 'Echo: hello', { timeoutMs: BACK_WITHIN_MS, intervalMs: 200, what });

  it('makes clusters of its servers, and replicates the queues of commands', async () => {
    await serves('a first call');
    const nodes = await project.exec('rabbitmq', 'rabbitmqctl', '--formatter', 'json', 'cluster_status');
    expect(JSON.parse(nodes).running_nodes.toSorted()).toEqual([
      'rabbit@rabbitmq',
      'rabbit@rabbitmq-2',
      'rabbit@rabbitmq-3',
    ]);
    const queues = await project.exec('rabbitmq', 'rabbitmqctl', '--quiet', 'list_queues', 'name', 'type');
    expect(queues).toMatch(/mcp\.execute\.everything\s+quorum/);
    const peers = await project.exec('consul', 'consul', 'operator', 'raft', 'list-peers');
    expect(peers.match(/:8300/g)).toHaveLength(3);
  });

  it.each(['rabbitmq', 'consul'])('serves on when a node of %s is killed', async (service) => {
    await project.kill(service);
    for (let call = 0; call < 5; call++) await serves(`service without one ${service}`);
    const verified = await fetch(`${project.url('MONITOR_PORT')}/audit/verify`);
    expect(await verified.json()).toMatchObject({ ok: true });
  });
});
