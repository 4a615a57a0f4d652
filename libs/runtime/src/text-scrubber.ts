/** Shorter strings hold no secret that a pattern could know. */
const SHORTEST_SECRET = 8;
const WINDOW = 64 * 1024;
/** Windows overlap by this much: a match that is longer may lose its end when it crosses a window's border. */
const OVERLAP = 16 * 1024;

type Range = [start: number, end: number];

/** Replaces what matches any of some regular expressions in a text. */
export class TextScrubber {
  private readonly patterns: readonly RegExp[];

  constructor(
    sources: readonly string[],
    private readonly replacement: string,
  ) {
    this.patterns = combine(sources);
  }

  /** @returns `text` itself when nothing matched. A huge text is searched window by window, so that a slow pattern stays bounded. */
  scrub(text: string): string {
    if (text.length < SHORTEST_SECRET) return text;
    if (text.length > WINDOW) return this.scrubHuge(text);
    let clean = text;
    for (const pattern of this.patterns) {
      pattern.lastIndex = 0;
      if (pattern.test(clean)) clean = clean.replace(pattern, () => this.replacement);
    }
    return clean;
  }

  private scrubHuge(text: string): string {
    const ranges: Range[] = [];
    for (let start = 0; ; start += WINDOW - OVERLAP) {
      const part = text.slice(start, start + WINDOW);
      for (const pattern of this.patterns) {
        for (const match of part.matchAll(pattern)) {
          if (match[0].length > 0) ranges.push([start + match.index, start + match.index + match[0].length]);
        }
      }
      if (start + WINDOW >= text.length) break;
    }
    if (ranges.length === 0) return text;
    return this.cut(text, ranges);
  }

  private cut(text: string, ranges: Range[]): string {
    ranges.sort(([a], [b]) => a - b);
    const parts: string[] = [];
    let kept = 0;
    for (const [start, end] of ranges) {
      if (end <= kept) continue;
      if (start >= kept) parts.push(text.slice(kept, start), this.replacement);
      kept = end;
    }
    parts.push(text.slice(kept));
    return parts.join('');
  }
}

/** One expression for all sources, but for those that refer to their own groups by number or name. */
function combine(sources: readonly string[]): RegExp[] {
  const standalone = sources.filter((source) => /\\[1-9k]|\(\?</.test(source));
  const together = sources.filter((source) => !standalone.includes(source));
  const all = together.length > 0 ? [together.map((source) => `(?:${source})`).join('|'), ...standalone] : standalone;
  return all.map((source) => new RegExp(source, 'g'));
}
