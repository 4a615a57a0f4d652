import { describe, expect, it } from 'vitest';
import { eventListSchema, eventStreamSchema } from './event-query.js';

const faults = (query: unknown) =>
  eventListSchema.safeParse(query).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the query of /events', () => {
  it('has defaults', () => {
    expect(eventListSchema.parse({})).toEqual({ order: 'asc', limit: 100 });
    expect(eventStreamSchema.parse({})).toEqual({ mode: 'all' });
  });

  it('takes times with any offset and makes them what the log has', () => {
    const query = { from: '2026-11-21T12:00:00+02:00', to: '2026-11-21T11:00:00.5Z' };
    expect(eventListSchema.parse(query)).toMatchObject({
      from: '2026-11-21T10:00:00.000Z',
      to: '2026-11-21T11:00:00.500Z',
    });
  });

  it.each(['#', 'tool.call.*', 'tool.call.outcome_unknown', '*.registered'])('takes the type %s', (type) => {
    expect(eventListSchema.parse({ type }).type).toBe(type);
  });

  it.each([
    [{ type: 'Tool Call' }, 'type: must be a routing key'],
    [{ type: 'tool.call*' }, 'type: must be a routing key'],
    [{ type: ['a', 'b'] }, 'type: must be given once'],
    [{ stream: '' }, 'stream: must not be empty'],
    [{ from: 'yesterday' }, 'from: must be an RFC 3339 time'],
    [{ to: '2026-11-21' }, 'to: must be an RFC 3339 time'],
    [{ from: '2026-11-21T12:00:00Z', to: '2026-11-21T12:00:00Z' }, 'to: must be later than from'],
    [{ limit: '0' }, 'limit: must be at least 1'],
    [{ limit: '1001' }, 'limit: must be at most 1000'],
    [{ limit: '1e2' }, 'limit: must be a whole number'],
    [{ order: 'up' }, 'order: must be one of asc, desc'],
    [{ tpye: 'x' }, ': unknown parameter tpye; allowed: type, stream'],
  ])('refuses %j', (query, fault) => {
    expect(faults(query)?.join()).toContain(fault);
  });
});
