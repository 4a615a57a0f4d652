import type { Writable } from 'node:stream';

/**
 * Makes what is written to a socket in one turn of the event loop one system call. amqplib writes each frame by itself,
 * and an acknowledgement, a reply and the events of a call are several.
 */
export function joinWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    stream.uncork();
  };
  stream.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
}
