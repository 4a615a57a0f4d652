import type { Api } from '../../api.js';
import { CliError } from '../../exit-codes.js';

export interface ListedTool {
  readonly name: string;
  readonly server: string;
  readonly tool: string;
  readonly available: boolean;
  readonly safetyClass: string;
  readonly definition: { readonly title?: string; readonly description?: string };
}

interface Page {
  readonly tools: readonly ListedTool[];
  readonly next: string | null;
}

const PAGE = 1_000;

/** The tools of all servers, page by page. @param limit at most so many */
export async function listTools(
  api: Api,
  filter: { server?: string | undefined; query?: string | undefined },
  limit: number,
): Promise<ListedTool[]> {
  const found: ListedTool[] = [];
  for (let cursor: string | undefined; found.length < limit;) {
    const query = { ...filter, cursor, limit: Math.min(PAGE, limit - found.length) };
    const page = await api.get<Page>('gateway', '/tools', query);
    found.push(...page.tools);
    if (page.next === null) break;
    cursor = page.next;
  }
  return found;
}

/** By what they do; by their words where the gateway does not search. */
export async function searchTools(
  api: Api,
  words: string,
  server: string | undefined,
  limit: number,
): Promise<{ found: readonly ListedTool[]; isRanked: boolean }> {
  try {
    const { tools } = await api.get<Page>('gateway', '/tools/search', { q: words, server, limit });
    return { found: tools, isRanked: true };
  } catch (error) {
    if (!(error instanceof CliError) || !error.message.includes('signalbox.search.mode')) throw error;
    return { found: await listTools(api, { server, query: words }, limit), isRanked: false };
  }
}

/** The server of a tool and its name there. @param name as it is listed, or its own when only one server has it @throws CliError */
export async function findTool(api: Api, name: string): Promise<{ server: string; tool: string }> {
  const tools = await listTools(api, {}, Infinity);
  const exact = tools.find((tool) => tool.name === name);
  const own = tools.filter((tool) => tool.tool === name);
  const found = exact ?? (own.length === 1 ? own[0] : undefined);
  if (found) return found;
  const many = own.map((tool) => tool.name).join(', ');
  throw new CliError(
    many === '' ? `No tool is called ${name}.` : `Several tools are called ${name}: ${many}.`,
    undefined,
    many === '' ? ['"signalbox tools list" shows those that there are.'] : [],
  );
}
