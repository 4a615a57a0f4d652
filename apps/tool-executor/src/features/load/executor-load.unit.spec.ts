import { LoadMeter } from '@signalbox/nest-kit';
import { expect, it } from 'vitest';
import type { UpstreamServer } from '../connections/upstream-server.js';
import type { UpstreamServers } from '../connections/upstream-servers.js';
import type { RunningRequest } from '../run-call/running-request.js';
import { RunningRequests } from '../run-call/running-requests.js';
import { ExecutorLoad } from './executor-load.js';

it('adds up what runs, what waits for a connection, and the connections of all servers', () => {
  const meter = new LoadMeter();
  const running = new RunningRequests();
  const statistics = [
    { size: 3, busy: 2, waiting: 0 },
    { size: 4, busy: 4, waiting: 5 },
  ];
  const pools = statistics.map((some) => ({ pool: { statistics: () => some } }));
  const servers = { all: () => pools as unknown as Iterable<UpstreamServer> } as UpstreamServers;
  new ExecutorLoad(meter, running, servers);
  expect(meter.read()).toEqual({ running: 0, queued: 5, pool: { open: 7, busy: 6, waiting: 5 } });
  const request = { command: { requestId: 'r' } } as RunningRequest;
  running.add(request);
  expect(meter.read().running).toBe(1);
  running.delete(request);
  expect(meter.read().running).toBe(0);
});
