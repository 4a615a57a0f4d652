/**
 * Topic patterns as in AMQP 0-9-1: words between dots, `*` is exactly one word, `#` is any number of words, none included.
 */
export class TopicPattern {
  private readonly words: readonly string[];
  private readonly literal: boolean;

  /** @throws Error for a pattern with nothing in it */
  constructor(readonly text: string) {
    if (text === '') throw new Error('a topic pattern is words between dots, `*` or `#`; it must not be empty');
    this.words = text.split('.');
    this.literal = !this.words.some((word) => word === '*' || word === '#');
  }

  matches(topic: string): boolean {
    if (this.literal) return topic === this.text;
    return matchWords(this.words, topic.split('.'));
  }
}

/**
 * Keeps, for each start in the topic, whether the pattern so far can end there: linear in pattern × topic, where
 * trying each length of each `#` would be exponential.
 */
function matchWords(pattern: readonly string[], topic: readonly string[]): boolean {
  let reachable: boolean[] = new Array<boolean>(topic.length + 1).fill(false);
  reachable[0] = true;
  for (const word of pattern) {
    const next: boolean[] = new Array<boolean>(topic.length + 1).fill(false);
    if (word === '#') {
      let open = false;
      for (let i = 0; i <= topic.length; i++) next[i] = open = open || reachable[i]!;
    } else {
      for (let i = 0; i < topic.length; i++) next[i + 1] = reachable[i]! && (word === '*' || word === topic[i]);
    }
    reachable = next;
  }
  return reachable[topic.length]!;
}
