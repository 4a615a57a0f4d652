import type { Settlement } from '@signalbox/ports';

/** What happens to a message after its handler: `ack`, or try again, or straight to the dead letters. */
export type Verdict = 'ack' | { readonly retry: boolean; readonly reason: string };

/** @param error what the handler threw, undefined when it did not throw */
export function settlementOf(settlement: Settlement | void, error: unknown): Verdict {
  if (error !== undefined) return { retry: true, reason: describe(error) };
  if (settlement === undefined || settlement === 'ack') return 'ack';
  if (settlement === 'retry') return { retry: true, reason: 'the handler asked for another attempt too often' };
  if (typeof settlement === 'object' && settlement !== null && 'park' in settlement) {
    return { retry: false, reason: settlement.park };
  }
  return {
    retry: false,
    reason: `the handler returned ${JSON.stringify(settlement)}; allowed: ack, retry, {park: reason}`,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
