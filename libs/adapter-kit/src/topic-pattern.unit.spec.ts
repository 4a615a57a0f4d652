import { describe, expect, it } from 'vitest';
import { TopicPattern } from './topic-pattern.js';

describe('TopicPattern', () => {
  it('answers for a hostile pattern in no time', () => {
    const pattern = new TopicPattern(`${'#.a.'.repeat(40)}#.b`);
    const started = performance.now();
    expect(pattern.matches('a.'.repeat(200) + 'c')).toBe(false);
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('agrees with the definition on every short pattern and topic', () => {
    const words = (letters: string[], length: number): string[][] =>
      length === 0 ? [[]] : words(letters, length - 1).flatMap((rest) => letters.map((letter) => [...rest, letter]));
    const matches = ([first, ...rest]: string[], topic: string[]): boolean => {
      if (first === undefined) return topic.length === 0;
      if (first === '#') return topic.some((_, i) => matches(rest, topic.slice(i))) || matches(rest, []);
      return topic.length > 0 && (first === '*' || first === topic[0]) && matches(rest, topic.slice(1));
    };
    const topics = [1, 2, 3].flatMap((length) => words(['a', 'b'], length));
    for (const pattern of [1, 2, 3, 4].flatMap((length) => words(['a', '*', '#'], length))) {
      const compiled = new TopicPattern(pattern.join('.'));
      for (const topic of topics) {
        expect(compiled.matches(topic.join('.')), `${pattern.join('.')} ${topic.join('.')}`).toBe(
          matches(pattern, topic),
        );
      }
    }
  });

  it('refuses an empty pattern', () => {
    expect(() => new TopicPattern('')).toThrow(/must not be empty/);
  });
});
