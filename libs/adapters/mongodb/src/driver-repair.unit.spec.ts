import { MongoNetworkError } from 'mongodb';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { repairDriver } from './driver-repair.js';

interface Internals {
  readonly closed: boolean;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

it('ends a write to a connection whose socket is destroyed and has not said so yet', async () => {
  repairDriver();
  repairDriver();
  const { Connection } = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as {
    Connection: new (socket: Socket, options: object) => Internals;
  };
  const socket = new Socket();
  const connection = new Connection(socket, { id: 1, hostAddress: { toString: () => '127.0.0.1:1' }, generation: 0 });
  socket.destroy();
  const command = { toBin: () => Promise.resolve([new Uint8Array(4)]) };
  // without the repair this never settles
  const settled = await Promise.race([
    connection.writeCommand(command, { agreedCompressor: 'none' }).catch((error: unknown) => error),
    new Promise((resolve) => setTimeout(resolve, 2_000, 'nothing')),
  ]);
  expect(settled).toBeInstanceOf(MongoNetworkError);
  expect(connection.closed).toBe(true);
});
