import { readCursor, writeCursor } from '@signalbox/mcp';
import { ProblemException } from '@signalbox/nest-kit';
import type { ToolEntry } from '../catalogue/catalogue-view.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { ListToolsQuery } from './tools.schemas.js';

export interface ListedTool {
  /** The name to call it by. */
  readonly name: string;
  readonly server: string;
  /** Its name at its server. */
  readonly tool: string;
  /** Whether its server is connected now. */
  readonly available: boolean;
  readonly safetyClass: string;
  /** As its server describes it: `description`, `inputSchema`, `annotations` … */
  readonly definition: object;
}

export interface ToolPage {
  readonly tools: readonly ListedTool[];
  readonly next: string | null;
}

/** @throws ProblemException for a cursor that no list gave out */
export function listTools(catalogue: Catalogue, query: ListToolsQuery): ToolPage {
  const words = (query.query ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = catalogue
    .view()
    .tools.filter((tool) => query.server === undefined || tool.server === query.server)
    .filter((tool) => words.length === 0 || matches(tool, words));
  const start = query.cursor === undefined ? 0 : startBehind(found, query.cursor);
  const page = found.slice(start, start + query.limit);
  const last = page.at(-1);
  const end = start + page.length;
  return {
    tools: page.map((tool) => describeTool(tool, catalogue)),
    next: last && end < found.length ? writeCursor({ name: last.exposed, index: end - 1 }) : null,
  };
}

function startBehind(tools: readonly ToolEntry[], cursor: string): number {
  const position = readCursor(cursor);
  if (!position) throw new ProblemException(400, 'Bad Request', { detail: 'cursor: not one that this list gave out' });
  const index = tools.findIndex(({ exposed }) => exposed === position.name);
  return index >= 0 ? index + 1 : Math.min(position.index, tools.length);
}

function matches({ exposed, definition }: ToolEntry, words: readonly string[]): boolean {
  const { title, description } = definition as { title?: unknown; description?: unknown };
  const text = [exposed, title, description].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}

export function describeTool(tool: ToolEntry, catalogue: Catalogue): ListedTool {
  const { exposed, server, name, safetyClass, definition } = tool;
  const available = catalogue.server(server)?.downSince === undefined;
  return { name: exposed, server, tool: name, available, safetyClass, definition };
}
