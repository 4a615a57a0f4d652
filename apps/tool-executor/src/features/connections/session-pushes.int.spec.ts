import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { gatewayInbox, type SessionPush } from '@signalbox/contracts';
import type { ServiceContext } from '@signalbox/nest-kit';
import { waitFor } from '@signalbox/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseExecutorConfig } from '../../config.js';
import { MiddlewareChains } from '@signalbox/middleware';
import { UpstreamMiddleware } from '../middleware/upstream-middleware.js';
import { ReverseRequests } from './reverse-requests.js';
import { SessionPushes } from './session-pushes.js';

const client = { principal: 'p', gateway: 'gateway-1', sessionId: 's' };
let ports: Awaited<ReturnType<typeof createEmbeddedPorts>>;
const middleware = new UpstreamMiddleware(new MiddlewareChains([], () => undefined));
let pushes: SessionPushes;
const received: [string, unknown][] = [];

beforeEach(async () => {
  received.length = 0;
  ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  for (const gateway of ['gateway-1', 'gateway-2']) {
    await ports.bus.consume({ name: gatewayInbox(gateway), exclusive: true }, ({ body }) => {
      received.push([gateway, (body as SessionPush).params]);
      return 'ack';
    });
  }
  const config = parseExecutorConfig({ section: () => undefined });
  pushes = new SessionPushes(
    ports.bus,
    { instanceId: 'e' } as ServiceContext,
    config,
    new ReverseRequests(),
    middleware,
  );
});
afterEach(() => ports.close());

it('what belongs to no request goes where the stream of the session is, else where its last request came from', async () => {
  const say = async (params: number): Promise<void> => {
    const before = received.length;
    pushes.notify('server', client, 'notifications/message', params);
    await waitFor(() => received.length > before);
  };
  await say(1);
  pushes.streamAt('s', 'gateway-2');
  await say(2);
  pushes.streamAt('another', 'gateway-1');
  await say(3);
  pushes.forget('s');
  await say(4);
  expect(received).toEqual([
    ['gateway-1', 1],
    ['gateway-2', 2],
    ['gateway-2', 3],
    ['gateway-1', 4],
  ]);
});
