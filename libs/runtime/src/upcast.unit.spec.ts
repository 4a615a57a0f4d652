import { EVENTS, type RecordedEvent } from '@signalbox/contracts';
import { recorded } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { isFromNewerRelease, upcast, upcastData } from './upcast.js';

const event = recorded('session.closed', { sessionId: 's', reason: 'idle' });

describe('upcastData', () => {
  const upcasters = {
    1: (data: unknown) => ({ ...(data as object), second: 2 }),
    2: (data: unknown) => ({ ...(data as object), third: 3 }),
  };

  it('applies every upcaster from the stored version on', () => {
    expect(upcastData({ first: 1 }, 1, upcasters)).toEqual({ first: 1, second: 2, third: 3 });
    expect(upcastData({ first: 1 }, 2, upcasters)).toEqual({ first: 1, third: 3 });
    expect(upcastData({ first: 1 }, 3, upcasters)).toEqual({ first: 1 });
  });
});

describe('upcast', () => {
  it('leaves an event of the newest version alone', () => {
    expect(upcast(event)).toBe(event);
  });

  it('leaves an event of a type alone that this release does not know', () => {
    const unknown = { ...event, type: 'of.the.future' } as unknown as RecordedEvent;
    expect(upcast(unknown)).toBe(unknown);
    expect(isFromNewerRelease(unknown)).toBe(false);
  });

  it('tells an event of a newer release', () => {
    expect(isFromNewerRelease(event)).toBe(false);
    const newer = { ...event, schemaVersion: EVENTS['session.closed'].version + 1 };
    expect(upcast(newer)).toBe(newer);
    expect(isFromNewerRelease(newer)).toBe(true);
  });
});
