import { MongoNetworkError } from 'mongodb';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** What is used of the driver's `lib/cmap/connection.js`, which it does not export. */
interface DriverConnection {
  readonly address: string;
  readonly socket: Socket;
  onError(error: Error): void;
  writeCommand(...args: unknown[]): Promise<void>;
}

const REPAIRED = Symbol.for('signalbox.mongodb.repaired');

/**
 * Mends the MongoDB driver 7.8.0, which can wait for ever. A connection whose socket is destroyed, but has not said so by
 * its `close` event, is written to; the write is refused without an event, and the driver waits for a `drain` that cannot
 * come, with no time-out running on the dead socket. When that hits the monitor of a server, the client never finds the
 * server again (seen in one of three runs of `mongo-event-store.chaos.spec.ts`, several connections ended at once).
 * @throws Error when the driver is not built like that any more: then look whether this is still needed
 */
export function repairDriver(): void {
  const { Connection } = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as {
    Connection?: { prototype: DriverConnection & { [REPAIRED]?: true } };
  };
  const connection = Connection?.prototype;
  const write = connection?.writeCommand;
  if (!connection || typeof write !== 'function' || typeof connection.onError !== 'function') {
    throw new Error('the MongoDB driver is not the one that driver-repair.ts knows');
  }
  if (connection[REPAIRED]) return;
  connection[REPAIRED] = true;
  connection.writeCommand = async function (this: DriverConnection, ...args: unknown[]) {
    if (!this.socket.destroyed) return write.apply(this, args);
    const error = new MongoNetworkError(`connection to ${this.address} closed`);
    this.onError(error);
    throw error;
  };
}
