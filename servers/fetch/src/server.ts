import { McpServer } from '@modelcontextprotocol/server';
import { RefusedAddressError, type AllowList } from './address-guard.js';
import { fetchPage, fetchPageInput, fetchPageOutput } from './fetch-page.js';
import { FetchError } from './http-get.js';

/** A server with one tool, `fetch_page`. @param allow what may be fetched although it is not public */
export function createServer(allow: AllowList): McpServer {
  const server = new McpServer({ name: 'signalbox-fetch', version: '0.1.0' });
  server.registerTool(
    'fetch_page',
    {
      title: 'Fetch a page',
      description:
        'Fetches a page from the public web and returns its text as markdown, a part at a time: pass nextIndex as startIndex to go on.',
      inputSchema: fetchPageInput,
      outputSchema: fetchPageOutput,
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: true },
    },
    async (input, context) => {
      try {
        const page = await fetchPage(input, allow, context.mcpReq.signal);
        const heading = page.title === undefined ? '' : `# ${page.title}\n\n`;
        const rest =
          page.nextIndex === undefined ? '' : `\n\n[more from startIndex ${page.nextIndex} of ${page.totalLength}]`;
        return { content: [{ type: 'text', text: heading + page.text + rest }], structuredContent: page };
      } catch (error) {
        return { isError: true, content: [{ type: 'text', text: explain(error) }] };
      }
    },
  );
  return server;
}

function explain(error: unknown): string {
  if (error instanceof FetchError || error instanceof RefusedAddressError) return error.message;
  const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: { message?: string } };
  return `The page could not be fetched: ${message || cause?.message || code || 'the connection failed'}`;
}
