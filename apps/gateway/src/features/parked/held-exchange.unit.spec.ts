import type { Outcome } from '@signalbox/mcp';
import { describe, expect, it, vi } from 'vitest';
import { HeldExchange, type HeldExchangeOptions, type Turn } from './held-exchange.js';

const SAMPLE = { messages: [], maxTokens: 1 };

function turn() {
  const outcomes: Outcome[] = [];
  const it: Turn = { progressToken: undefined, notify: vi.fn(), finish: (outcome) => outcomes.push(outcome) };
  return { it, outcomes };
}

function options(more: Partial<HeldExchangeOptions> = {}): HeldExchangeOptions {
  return { capabilities: { sampling: {} }, logLevel: undefined, maxQuestions: 8, park: () => 'state', ...more };
}

describe('an exchange whose client cannot be asked everything', () => {
  it('asks what it can, although the server fails at once for what it cannot', async () => {
    const first = turn();
    const exchange = new HeldExchange(first.it, options());
    const answered = exchange.ask('sampling/createMessage', SAMPLE);
    const refused = exchange.ask('roots/list', undefined);
    void refused.then(() => exchange.finish({ result: { isError: true } }));

    await expect(refused).resolves.toHaveProperty('error');
    expect(first.outcomes).toMatchObject([
      { result: { resultType: 'input_required', inputRequests: { 'input-1': { method: 'sampling/createMessage' } } } },
    ]);
    await expect(answered).resolves.toHaveProperty('error');

    const second = turn();
    exchange.resume(second.it, { 'input-1': { role: 'assistant', content: { type: 'text', text: 'x' }, model: 'm' } });
    expect(second.outcomes).toMatchObject([{ error: { data: { requiredCapabilities: { roots: {} } } } }]);
  });

  it('is told what its client lacks when nothing could be asked', async () => {
    const only = turn();
    const exchange = new HeldExchange(only.it, options());
    await expect(exchange.ask('roots/list', undefined)).resolves.toHaveProperty('error');
    exchange.finish({ result: { isError: true } });
    expect(only.outcomes).toMatchObject([{ error: { data: { requiredCapabilities: { roots: {} } } } }]);
  });

  it('refuses at once where nobody can be asked', async () => {
    const exchange = new HeldExchange(turn().it, options({ park: undefined }));
    await expect(exchange.ask('sampling/createMessage', SAMPLE)).resolves.toHaveProperty('error');
  });
});
