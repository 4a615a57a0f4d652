import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { EVENTS, isEventType } from './catalogue.js';
import { createEvent } from './create.js';
import { defineEvent } from './define.js';
import { SERVICE_NAMES } from '../services.js';

const definitions = Object.values(EVENTS);

describe('the catalogue of events', () => {
  it.each(Object.entries(EVENTS))('%s is under its own type, a routing key', (key, { type }) => {
    expect(type).toBe(key);
    expect(type).toMatch(/^[a-z]+(\.[a-z_]+)+$/);
  });

  it.each(definitions)('$type is titled by its words: $title', ({ type, title }) => {
    expect(title.toLowerCase()).toBe(type.replace(/[._]/g, ''));
  });

  it.each(definitions)('$type has owners among the services', ({ owners }) => {
    expect(owners.length).toBeGreaterThan(0);
    expect(SERVICE_NAMES).toEqual(expect.arrayContaining([...owners]));
  });

  it('knows its own types only', () => {
    expect(isEventType('tool.call.started')).toBe(true);
    for (const name of ['tool.call', '', 'constructor', '__proto__']) expect(isEventType(name)).toBe(false);
  });
});

describe('defineEvent', () => {
  const definition = { type: 'x.y', title: 'XY', owners: ['gateway'], schema: z.object({}) } as const;

  it('demands an upcaster from each former version', () => {
    expect(() => defineEvent({ ...definition, version: 3, upcasters: { 1: (data) => data } })).toThrow(
      'x.y: no upcaster from version 2',
    );
  });
});

describe('createEvent', () => {
  it('makes events of the newest version, with ids of their own', () => {
    const make = () => createEvent('session.closed', { sessionId: 's', reason: 'idle' });
    expect(make()).toMatchObject({ type: 'session.closed', schemaVersion: EVENTS['session.closed'].version });
    expect(make().id).not.toBe(make().id);
  });
});
