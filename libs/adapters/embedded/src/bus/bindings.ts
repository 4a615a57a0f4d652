import { TopicPattern } from '@signalbox/adapter-kit';

/** Topics seen before the cache starts afresh: event types are few, so only a mistake gets there. */
const MAX_CACHED_TOPICS = 10_000;

/** Which queues get the messages of a topic. Answers are kept until a binding changes. */
export class Bindings<Queue extends object> {
  private readonly patterns = new Map<Queue, Map<string, TopicPattern>>();
  private readonly cache = new Map<string, readonly Queue[]>();

  bind(pattern: string, queue: Queue): void {
    let own = this.patterns.get(queue);
    if (!own) this.patterns.set(queue, (own = new Map()));
    if (own.has(pattern)) return;
    own.set(pattern, new TopicPattern(pattern));
    this.cache.clear();
  }

  unbind(queue: Queue): void {
    if (this.patterns.delete(queue)) this.cache.clear();
  }

  /** Each queue once, however many of its patterns match. */
  matching(topic: string): readonly Queue[] {
    let queues = this.cache.get(topic);
    if (!queues) {
      queues = [...this.patterns].filter(([, own]) => anyMatches(own, topic)).map(([queue]) => queue);
      if (this.cache.size >= MAX_CACHED_TOPICS) this.cache.clear();
      this.cache.set(topic, queues);
    }
    return queues;
  }
}

function anyMatches(patterns: ReadonlyMap<string, TopicPattern>, topic: string): boolean {
  for (const pattern of patterns.values()) if (pattern.matches(topic)) return true;
  return false;
}
