import type { ConfigChange, ConfigSource } from '@signalbox/ports';
import { describe, expect, it } from 'vitest';
import { followSettings } from './follow-settings.js';

describe('settings that may change while a service runs', () => {
  it('are put where the service reads them; others wait for a restart', () => {
    const listeners: ((change: ConfigChange) => void)[] = [];
    const onChange = (listener: (change: ConfigChange) => void) => {
      listeners.push(listener);
      return () => undefined;
    };
    const settings = { lists: { maxPageSize: 10, maxSkip: 5 }, documents: { maxBytes: 1, readYourWritesMs: 2 } };
    const { lists, documents } = settings;
    followSettings({ live: { onChange } } as unknown as ConfigSource, 'resource-service', settings, () => ({
      lists: { maxPageSize: 20, maxSkip: 5 },
      documents: { maxBytes: 3, readYourWritesMs: 4 },
    }));
    expect(lists.maxPageSize).toBe(10);
    for (const listener of listeners) listener({ sources: [], before: {}, after: {} });
    expect([lists, documents]).toEqual([
      { maxPageSize: 20, maxSkip: 5 },
      { maxBytes: 3, readYourWritesMs: 2 },
    ]);
    expect(settings.lists).toBe(lists);
  });
});
