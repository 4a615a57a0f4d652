import { describe, expect, it } from 'vitest';
import { formatSse, SseParser, type SseEvent } from './sse.js';

function parse(chunks: (string | Uint8Array)[]): { events: SseEvent[]; retries: number[]; last: string | undefined } {
  const events: SseEvent[] = [];
  const retries: number[] = [];
  const parser = new SseParser({ onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms) });
  for (const chunk of chunks) parser.feed(chunk);
  return { events, retries, last: parser.lastEventId };
}

describe('formatSse and SseParser', () => {
  it('are inverse', () => {
    const text = formatSse({ event: 'message', id: '7', retry: 500, data: '{"a":1}' });
    expect(text).toBe('event: message\nid: 7\nretry: 500\ndata: {"a":1}\n\n');
    const { events, retries, last } = parse([text]);
    expect(events).toEqual([{ event: 'message', id: '7', data: '{"a":1}' }]);
    expect(retries).toEqual([500]);
    expect(last).toBe('7');
  });

  it.each(['', 'one\ntwo', '\n', 'a\r\nb', 'ends\n'])('keep the lines of %j', (data) => {
    const { events } = parse([formatSse({ id: '1', data })]);
    expect(events[0]?.data).toBe(data.replace(/\r\n/g, '\n'));
  });

  it('do not let an id or event name end its field', () => {
    expect(formatSse({ id: '1\ndata: evil', event: 'a\rb', data: 'x' })).toBe(
      'event: ab\nid: 1data: evil\ndata: x\n\n',
    );
  });

  it('read a stream cut anywhere, inside characters too', () => {
    const bytes = new TextEncoder().encode(formatSse({ id: 'ä', data: '{"text":"größe 火"}' }));
    const chunks = Array.from(bytes, (_, i) => bytes.slice(i, i + 1));
    expect(parse(chunks).events).toEqual([expect.objectContaining({ id: 'ä', data: '{"text":"größe 火"}' })]);
  });

  it('ignore comments and keep an id that came without data', () => {
    const { events, last } = parse([': ping\n\nid: 9\n\n']);
    expect(events).toHaveLength(0);
    expect(last).toBe('9');
  });

  it('stop at an event that is too large', () => {
    let overflows = 0;
    const parser = new SseParser({ onEvent: () => {}, onOverflow: () => overflows++, maxCharacters: 1000 });
    for (let i = 0; i < 20; i++) parser.feed(i === 0 ? 'data: ' : 'x'.repeat(100));
    expect(overflows).toBe(1);
  });
});
