import { clean, oneLine } from '../../clean.js';
import type { ListedTool } from './tool-lists.js';

const MAX_DESCRIPTION = 70;

export function toolRows(tools: readonly ListedTool[]): unknown[][] {
  return tools.map(({ name, safetyClass, available, definition }) => [
    name,
    safetyClass,
    available ? 'yes' : 'no',
    oneLine(definition.description ?? definition.title ?? '', MAX_DESCRIPTION),
  ]);
}

export interface CallResult {
  readonly callId?: string;
  readonly result: {
    readonly isError?: boolean;
    readonly content?: readonly Readonly<Record<string, unknown>>[];
    readonly structuredContent?: unknown;
  };
}

/** The content of a result as text: texts as they are, everything else by its kind and size. */
export function resultLines({ result }: CallResult): string[] {
  const { content = [], structuredContent } = result;
  if (content.length === 0) {
    return structuredContent === undefined ? ['(no content)'] : [JSON.stringify(structuredContent, undefined, 2)];
  }
  return content.map(contentLine);
}

function contentLine(item: Readonly<Record<string, unknown>>): string {
  const { type, text, data, mimeType, uri, resource } = item;
  if (type === 'text') return clean(String(text));
  if (type === 'image' || type === 'audio') {
    const bytes = Math.floor((String(data).length * 3) / 4);
    return `(${type}, ${oneLine(mimeType)}, about ${bytes} bytes)`;
  }
  if (type === 'resource_link') return `(link to ${oneLine(uri, 500)})`;
  if (type === 'resource') {
    const embedded = (resource ?? {}) as { uri?: unknown; text?: unknown };
    return typeof embedded.text === 'string' ? clean(embedded.text) : `(resource ${oneLine(embedded.uri, 500)})`;
  }
  return oneLine(item, 500);
}
