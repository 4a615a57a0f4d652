import { describe, expect, it } from 'vitest';
import { waitForServer } from './wait-for-server.js';

const away = (): Error => Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' });
const options = { what: 'mongodb at mongodb://db (MONGODB_URL)', waitMs: 60_000 };

describe('waitForServer', () => {
  it('tries again until the server answers, and says what it waits for', async () => {
    const told: string[] = [];
    let failures = 2;
    const attempt = async (): Promise<string> => {
      if (failures-- > 0) throw away();
      return 'open';
    };
    const onWaiting = (what: string, { message }: Error): void => void told.push(`${what}: ${message}`);
    expect(await waitForServer(attempt, { ...options, onWaiting })).toBe('open');
    expect(told).toEqual(Array(2).fill('mongodb at mongodb://db (MONGODB_URL): nobody there'));
  });

  it('gives up when the time is over, with the last reason', async () => {
    const attempt = () => Promise.reject(Object.assign(new Error('no primary'), { retryable: true }));
    await expect(waitForServer(attempt, { ...options, waitMs: 50 })).rejects.toThrow(
      'mongodb at mongodb://db (MONGODB_URL) did not answer within 50 ms: no primary',
    );
  });

  it('ends at once when it is told to', async () => {
    const stopping = new AbortController();
    const waiting = waitForServer(() => Promise.reject(away()), { ...options, signal: stopping.signal });
    stopping.abort();
    await expect(waiting).rejects.toThrow('did not answer');
  });

  it('does not wait for what waiting does not mend', async () => {
    const attempt = () => Promise.reject(new Error('the database "a b" is not allowed'));
    await expect(waitForServer(attempt, options)).rejects.toThrow('is not allowed');
    await expect(
      waitForServer(() => Promise.reject(new Error('x', { cause: away() })), { ...options, waitMs: 0 }),
    ).rejects.toThrow('did not answer');
  });
});
