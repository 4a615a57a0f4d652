import { SEVERITIES, type Severity } from '@signalbox/contracts';
import type { News } from './news.js';
import { TOPIC_NAMES } from './topics.js';

/** What is to be told, and whom. */
export interface Rule {
  /** Topics; `*` stands for one word, `#` for any number of them. */
  readonly on: readonly string[];
  /** Upstream servers; `*` stands for any characters. All, and what is about none, when absent. */
  readonly servers?: readonly string[] | undefined;
  /** This one and what is worse. */
  readonly severity: Severity;
}

export function isToldBy({ on, servers, severity }: Rule, news: News): boolean {
  if (SEVERITIES.indexOf(news.severity) < SEVERITIES.indexOf(severity)) return false;
  if (!on.some((pattern) => topicMatches(pattern, news.topic))) return false;
  return servers === undefined || servers.some((pattern) => news.server !== undefined && globs(pattern, news.server));
}

/** The topics that a pattern stands for; none: it is misspelt. */
export function topicsOf(pattern: string): string[] {
  return TOPIC_NAMES.filter((topic) => topicMatches(pattern, topic));
}

function topicMatches(pattern: string, topic: string): boolean {
  return wordsMatch(pattern.split('.'), topic.split('.'));
}

function wordsMatch([first, ...rest]: readonly string[], words: readonly string[]): boolean {
  if (first === undefined) return words.length === 0;
  if (first !== '#')
    return words.length > 0 && (first === '*' || first === words[0]) && wordsMatch(rest, words.slice(1));
  return words.some((_word, at) => wordsMatch(rest, words.slice(at))) || wordsMatch(rest, []);
}

function globs(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
