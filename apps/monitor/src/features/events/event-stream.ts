import { toCloudEvent } from '@signalbox/contracts';
import type { Batch, BatchSource } from './event-source.js';
import type { SseConnection } from './sse-connection.js';
import type { Wake } from './wake.js';

const CHUNK_CHARACTERS = 64 * 1024;

export interface Pace {
  /** Least time between two reads of the log. */
  readonly paceMs: number;
  /** Longest. */
  readonly pollMs: number;
}

/** Writes what a source gives to one connection until that closes, reading on only when the reader has taken what there was. */
export async function pumpEvents(
  source: BatchSource,
  first: Batch,
  connection: SseConnection,
  wake: Wake,
  pace: Pace,
): Promise<void> {
  let batch = first;
  for (;;) {
    for (const chunk of chunks(batch)) {
      if (await connection.write(chunk)) continue;
      return connection.end('event: lagging\ndata: {"reason":"the reader is too slow; resume with Last-Event-ID"}\n\n');
    }
    if (!batch.more) await wake.wait(pace, connection.closed);
    if (connection.closed.aborted) return;
    batch = await source.next();
    // a source that always has more must not keep others from their turn
    await new Promise(setImmediate);
  }
}

function* chunks(batch: Batch): Generator<string> {
  let text = batch.skipped ? 'event: skipped\ndata: {}\n\n' : '';
  for (const { event, cursor } of batch.items) {
    text += `id: ${cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(toCloudEvent(event))}\n\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield text;
    text = '';
  }
  if (text) yield text;
}
