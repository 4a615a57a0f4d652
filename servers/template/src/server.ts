import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

/**
 * Makes the server, without a transport: `main.ts` puts it on stdio, a test can put it on anything else.
 * To make a server of your own, copy this folder, rename the package and replace the tool.
 */
export function createServer(): McpServer {
  const server = new McpServer(
    { name: 'signalbox-template', version: '0.1.0' },
    // clients show this to the model: say what the server is for and how its tools belong together
    { instructions: 'Counts words. Call count_words with any text.' },
  );

  server.registerTool(
    'count_words',
    {
      title: 'Count words',
      description: 'Counts the words of a text, as a reader would.',
      // the limits are part of the contract: the SDK refuses arguments that do not fit before the handler is called
      inputSchema: z.object({
        text: z.string().max(100_000).describe('The text'),
        language: z.string().max(35).default('en').describe('BCP 47 tag of its language'),
      }),
      // with an output schema clients get structured content next to the text
      outputSchema: z.object({ words: z.number().int() }),
      // read-only and closed-world: Signalbox may retry it, if its operator trusts this server
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ text, language }) => {
      if (Intl.Segmenter.supportedLocalesOf(language).length === 0) {
        // an error that the model can mend is a result with isError; throw only for what is broken
        return {
          isError: true,
          content: [{ type: 'text', text: `Unknown language "${language}". Use a BCP 47 tag such as en or zh.` }],
        };
      }
      const words = [...new Intl.Segmenter(language, { granularity: 'word' }).segment(text)].filter(
        (part) => part.isWordLike,
      ).length;
      return { content: [{ type: 'text', text: String(words) }], structuredContent: { words } };
    },
  );
  return server;
}
