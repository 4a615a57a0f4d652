import MiniSearch from 'minisearch';
import type { CatalogueView, ToolEntry } from '../catalogue/catalogue-view.js';

interface IndexedTool {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: string;
}

export interface FoundTool {
  readonly tool: ToolEntry;
  /** Higher is better; only to be compared within one answer. */
  readonly score: number;
}

/** Characters of a description, and of the names and descriptions of its parameters, that are looked at. */
const MAX_TEXT = 4_000;
const BOOST = { name: 4, title: 3, description: 2, parameters: 1 };

/** Full-text search in the tools that are listed, by name, title, description and parameters. Follows the catalogue tool by tool. */
export class ToolIndex {
  readonly #index = new MiniSearch<IndexedTool>({
    fields: ['name', 'title', 'description', 'parameters'],
    tokenize: words,
    searchOptions: {
      boost: BOOST,
      prefix: (term) => term.length > 1,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    },
  });
  #tools = new Map<string, ToolEntry>();
  #view: CatalogueView | undefined;

  get size(): number {
    return this.#index.documentCount;
  }

  /** Takes in what has changed since the last time. @returns how many tools had to be indexed anew or taken out */
  follow(view: CatalogueView): number {
    if (view === this.#view) return 0;
    this.#view = view;
    const before = this.#tools;
    this.#tools = new Map(view.tools.map((tool) => [tool.exposed, tool]));
    let changes = 0;
    for (const [name, { definition }] of before) {
      if (this.#tools.get(name)?.definition === definition) continue;
      this.#index.discard(name);
      changes++;
    }
    for (const [name, tool] of this.#tools) {
      if (before.get(name)?.definition === tool.definition) continue;
      this.#index.add(documentOf(tool));
      changes++;
    }
    return changes;
  }

  /** The best first; all words count, and one that is found is enough. */
  search(query: string, limit: number, server?: string): FoundTool[] {
    const found = this.#index.search(query, {
      ...(server === undefined ? {} : { filter: ({ id }) => this.#tools.get(id as string)?.server === server }),
    });
    return found.slice(0, limit).flatMap(({ id, score }) => {
      const tool = this.#tools.get(id as string);
      return tool ? [{ tool, score: Math.round(score * 1000) / 1000 }] : [];
    });
  }
}

function documentOf({ exposed, definition }: ToolEntry): IndexedTool {
  const { title, description, annotations, inputSchema } = definition as {
    readonly title?: unknown;
    readonly description?: unknown;
    readonly annotations?: { readonly title?: unknown };
    readonly inputSchema?: { readonly properties?: unknown };
  };
  return {
    id: exposed,
    name: exposed,
    title: textOf(title ?? annotations?.title),
    description: textOf(description),
    parameters: parametersOf(inputSchema?.properties),
  };
}

function parametersOf(properties: unknown): string {
  if (typeof properties !== 'object' || properties === null) return '';
  const texts = Object.entries(properties).map(([name, schema]) => {
    const { description } = (schema ?? {}) as { readonly description?: unknown };
    return `${name} ${textOf(description)}`;
  });
  return texts.join(' ').slice(0, MAX_TEXT);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, MAX_TEXT) : '');

/** Scripts that write words without spaces between them. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Words of a text or a name: `read_fileLines` has three. */
function words(text: string): string[] {
  const spaced = text.replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2');
  return spaced
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter(Boolean)
    .flatMap((word) => (UNSPACED.test(word) ? [...segmenter.segment(word)].map(({ segment }) => segment) : [word]));
}
