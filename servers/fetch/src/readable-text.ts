import { createDocument } from '@mixmark-io/domino';
import TurndownService from 'turndown';

export interface ReadableText {
  readonly title: string | undefined;
  readonly text: string;
}

/** Parts of a page that are not its text. */
const NOISE = 'script, style, noscript, template, iframe, object, embed, svg, canvas, form, nav, aside, footer, dialog';

const turndown = new TurndownService({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' });

/** Turns a page into markdown: its main part where it marks one, without navigation and scripts, its links absolute. */
export function htmlToMarkdown(html: string, base: URL): ReadableText {
  const document = createDocument(html);
  const title = document.title.replace(/\s+/g, ' ').trim();
  for (const element of Array.from(document.querySelectorAll(NOISE))) element.remove();
  for (const [selector, attribute] of [
    ['a[href]', 'href'],
    ['img[src]', 'src'],
  ] as const) {
    for (const element of Array.from(document.querySelectorAll(selector))) {
      const absolute = resolved(element.getAttribute(attribute) ?? '', base);
      if (absolute === undefined) element.removeAttribute(attribute);
      else element.setAttribute(attribute, absolute);
    }
  }
  const root = document.querySelector('main, [role=main], article') ?? document.body;
  return { title: title || undefined, text: root === null ? '' : turndown.turndown(root as HTMLElement).trim() };
}

/** Links and images that are no web addresses (`javascript:`, `data:`) lead nowhere in a text. */
function resolved(reference: string, base: URL): string | undefined {
  try {
    const url = new URL(reference, base);
    return url.protocol === 'http:' || url.protocol === 'https:' || url.protocol === 'mailto:' ? url.href : undefined;
  } catch {
    return undefined;
  }
}
