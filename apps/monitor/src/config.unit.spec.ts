import { describe, expect, it } from 'vitest';
import { parseMonitorConfig } from './config.js';

const parse = (section: unknown) => parseMonitorConfig({ section: () => section });

describe('the configuration of the monitor', () => {
  it('has defaults for everything', () => {
    expect(parse(undefined)).toMatchObject({ stream: { maxStreams: 100, batch: 200 }, story: { maxEvents: 2000 } });
  });

  it('names what is wrong by its path', () => {
    expect(() => parse({ stream: { maxStreams: 0 } })).toThrow(/signalbox\.monitor\.stream\.maxStreams: .*1/);
    expect(() => parse({ stream: { maxStream: 5 } })).toThrow(/signalbox\.monitor\.stream: .*maxStream/);
  });
});
