import { describe, expect, it } from 'vitest';
import { waitFor } from './wait-for.js';

describe('waitFor', () => {
  it('returns the first truthy value', async () => {
    let calls = 0;
    expect(await waitFor(() => (++calls < 3 ? undefined : calls), { intervalMs: 1 })).toBe(3);
  });

  it('waits through errors', async () => {
    let calls = 0;
    const condition = async (): Promise<string> => {
      if (++calls < 3) throw new Error('not yet');
      return 'there';
    };
    expect(await waitFor(condition, { intervalMs: 1 })).toBe('there');
  });

  it('says what it waited for and how it ended', async () => {
    const options = { timeoutMs: 5, intervalMs: 1, what: 'the light' };
    await expect(waitFor(() => 0, options)).rejects.toThrow('the light did not hold within 5 ms: it was 0');
    const failing = (): never => {
      throw new Error('dark');
    };
    await expect(waitFor(failing, options)).rejects.toThrow('it threw dark');
  });
});
