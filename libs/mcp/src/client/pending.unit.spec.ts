import { describe, expect, it } from 'vitest';
import { CancelledError, DeadlineError } from './errors.js';
import { RequestTable } from './pending.js';
import type { Inbound } from './upstream.js';

const later = () => Date.now() + 60_000;

function table() {
  const session: Inbound[] = [];
  const cancelled: string[] = [];
  const requests = new RequestTable({
    onMessage: (message) => session.push(message),
    tellCancelled: (pending, reason) => cancelled.push(`${pending.id}: ${reason}`),
  });
  return { requests, session, cancelled };
}

describe('RequestTable', () => {
  it('settles a request with its answer, verbatim', async () => {
    const { requests } = table();
    const { pending, text } = requests.open('tools/call', { name: 'a', _meta: { x: 1 } }, { deadline: later() });
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'a', _meta: { x: 1 } },
    });
    const result = { content: [], unknown: { $defs: 1 } };
    requests.deliver({ jsonrpc: '2.0', id: 1, result });
    expect(await pending.promise).toEqual({ result });
    expect(requests.size).toBe(0);
  });

  it('gives equal progress tokens of two callers their own, and puts them back', () => {
    const { requests, session } = table();
    const heard: unknown[] = [];
    const open = (who: string) =>
      requests.open(
        'tools/call',
        { _meta: { progressToken: 'same', keep: who } },
        { deadline: later(), onMessage: (message) => heard.push([who, message.params]) },
      );
    const opened = [open('a'), open('b')];
    const sent = opened.map(({ text }) => JSON.parse(text).params._meta);
    expect(sent).toEqual([
      { progressToken: '1', keep: 'a' },
      { progressToken: '2', keep: 'b' },
    ]);
    requests.deliver({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: '1', progress: 5 } });
    expect(heard).toEqual([['a', { progressToken: 'same', progress: 5 }]]);
    expect(session).toEqual([]);
    for (const { pending } of opened) pending.settle({ result: {} });
  });

  it('hands what is about the whole session to the session, whatever stream it came on', () => {
    const { requests, session } = table();
    const { pending } = requests.open('tools/call', {}, { deadline: later(), onMessage: () => expect.unreachable() });
    const message: Inbound = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
    requests.deliver(message, pending);
    expect(session).toEqual([message]);
    pending.settle({ result: {} });
  });

  it('tells who was asked when the server takes its request back', () => {
    const { requests } = table();
    const heard: string[] = [];
    const first = requests.open('tools/call', {}, { deadline: later(), onMessage: (m) => heard.push(`1 ${m.method}`) });
    requests.deliver({ jsonrpc: '2.0', id: 's1', method: 'sampling/createMessage', params: {} });
    const second = requests.open(
      'tools/call',
      {},
      { deadline: later(), onMessage: (m) => heard.push(`2 ${m.method}`) },
    );
    requests.deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 's1' } });
    expect(heard).toEqual(['1 sampling/createMessage', '1 notifications/cancelled']);
    expect(requests.closeReverse('s1')).toBe(true);
    expect(requests.closeReverse('s1')).toBe(false);
    first.pending.settle({ result: {} });
    second.pending.settle({ result: {} });
  });

  it('gives up at the deadline and tells the server', async () => {
    const { requests, cancelled } = table();
    const { pending } = requests.open('tools/call', {}, { deadline: Date.now() + 10 });
    await expect(pending.promise).rejects.toBeInstanceOf(DeadlineError);
    expect(cancelled).toEqual(['1: no answer to tools/call before the deadline']);
  });

  it('gives up when cancelled, by signal or by its options', async () => {
    const { requests, cancelled } = table();
    const controller = new AbortController();
    const bySignal = requests.open('a', {}, { deadline: later(), signal: controller.signal });
    const options = { deadline: later() };
    const byOptions = requests.open('b', {}, options);
    controller.abort('changed my mind');
    expect(requests.cancel(options, 'user')).toBe(true);
    expect(requests.cancel(options, 'user')).toBe(false);
    await expect(bySignal.pending.promise).rejects.toBeInstanceOf(CancelledError);
    await expect(byOptions.pending.promise).rejects.toThrow('user');
    expect(cancelled).toEqual(['1: changed my mind', '2: user']);
  });
});
