import type { Catalogue } from '@signalbox/domain/server';
import {
  encodeHeaderValue,
  mirroredParams,
  mirroredText,
  PARAM_HEADER_PREFIX,
  type Dialect,
  type MirroredParam,
} from '@signalbox/mcp';

/** The headers in which calls of a modern HTTP server's tools repeat some of their arguments (2026-07-28, `x-mcp-header`). */
export class ToolHeaders {
  #tools: ReadonlyMap<string, readonly MirroredParam[]> = new Map();

  constructor(private readonly warn: (text: string) => void) {}

  /**
   * Notes what the tools of a server want.
   * @returns the catalogue without the tools whose definition of it is not valid, which must not be shown
   */
  sift(catalogue: Catalogue, { era, transport }: Dialect): Catalogue {
    if (era !== 'modern' || transport !== 'http') {
      this.#tools = new Map();
      return catalogue;
    }
    const wanted = new Map<string, readonly MirroredParam[]>();
    const wrong = new Set<string>();
    for (const { name, inputSchema } of catalogue.tools as readonly { name: string; inputSchema?: unknown }[]) {
      const found = mirroredParams(inputSchema);
      if (!found.valid) {
        wrong.add(name);
        this.warn(`its tool ${name} is left out: ${found.reason}`);
      } else if (found.params.length > 0) wanted.set(name, found.params);
    }
    this.#tools = wanted;
    if (wrong.size === 0) return catalogue;
    const hashes = Object.entries(catalogue.definitionHashes).filter(([name]) => !wrong.has(name));
    return {
      ...catalogue,
      tools: catalogue.tools.filter(({ name }) => !wrong.has(name)),
      definitionHashes: Object.fromEntries(hashes),
    };
  }

  /** Headers for one call, lower-case; nothing for a tool that wants none. */
  of(tool: string, args: unknown): Record<string, string> | undefined {
    const params = this.#tools.get(tool);
    if (!params) return undefined;
    const headers: Record<string, string> = {};
    for (const param of params) {
      const text = mirroredText(args, param);
      if (text !== undefined) headers[PARAM_HEADER_PREFIX + param.header.toLowerCase()] = encodeHeaderValue(text);
    }
    return headers;
  }
}
