import * as z from 'zod';
import type { AllowList } from './address-guard.js';
import { FetchError, httpGet, LIMITS, type Page } from './http-get.js';
import { htmlToMarkdown, type ReadableText } from './readable-text.js';

const MAX_LENGTH = 100_000;

export const fetchPageInput = z.object({
  url: z.string().max(LIMITS.urlLength).describe('http or https address of the page'),
  maxLength: z.number().int().min(1).max(MAX_LENGTH).default(8000).describe('Characters to return at most'),
  startIndex: z.number().int().min(0).default(0).describe('Character to start at: nextIndex of the answer before'),
  raw: z.boolean().default(false).describe('The body as it came, instead of readable markdown'),
});
export const fetchPageOutput = z.object({
  url: z.string().describe('Where the redirects ended'),
  status: z.number().int(),
  contentType: z.string(),
  title: z.string().optional(),
  text: z.string(),
  totalLength: z.number().int().describe('Characters of the whole text'),
  nextIndex: z.number().int().optional().describe('startIndex of the next part; absent at the end'),
  truncated: z.boolean().optional().describe('The page was larger than this server reads'),
});
export type FetchPageInput = z.infer<typeof fetchPageInput>;
export type FetchPageOutput = z.infer<typeof fetchPageOutput>;

/** Fetches a page and cuts out the part that was asked for. @throws FetchError, RefusedAddressError */
export async function fetchPage(
  input: FetchPageInput,
  allow: AllowList,
  signal?: AbortSignal,
): Promise<FetchPageOutput> {
  const page = await httpGet(input.url, allow, signal);
  const { title, text } = readPage(page, input.raw);
  if (page.status >= 400) {
    throw new FetchError(`${page.url.href} answered ${page.status}${text === '' ? '' : `: ${text.slice(0, 500)}`}`);
  }
  const end = input.startIndex + input.maxLength;
  return {
    url: page.url.href,
    status: page.status,
    contentType: page.contentType,
    ...(title !== undefined && { title }),
    text: text.slice(input.startIndex, end),
    totalLength: text.length,
    ...(end < text.length && { nextIndex: end }),
    ...(page.truncated && { truncated: true }),
  };
}

const HTML = /^(text\/html|application\/xhtml\+xml)$/;
const TEXT = /^(text\/.+|application\/(json|xml|javascript|yaml|x-ndjson)|[^/]+\/[^/]+\+(json|xml|yaml))$/;

function readPage(page: Page, raw: boolean): ReadableText {
  const type = page.contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (type !== '' && !HTML.test(type) && !TEXT.test(type)) {
    if (page.status >= 400) return { title: undefined, text: '' };
    throw new FetchError(`${page.url.href} is ${type}, not text; understood: HTML, text, JSON, XML, YAML`);
  }
  const text = decode(page);
  return HTML.test(type) && !raw ? htmlToMarkdown(text, page.url) : { title: undefined, text };
}

/** By the charset of the header, of the page itself (first 1024 bytes, as browsers look), or UTF-8. */
function decode(page: Page): string {
  const declared =
    /charset=["']?([\w-]+)/i.exec(page.contentType)?.[1] ??
    /<meta[^>]{0,200}charset=["']?([\w-]+)/i.exec(page.body.subarray(0, 1024).toString('latin1'))?.[1];
  try {
    return new TextDecoder(declared ?? 'utf-8').decode(page.body);
  } catch {
    return new TextDecoder().decode(page.body);
  }
}
