/** What a client takes as the answer to a POST. */
export interface Accepted {
  readonly json: boolean;
  readonly stream: boolean;
  /** Whether it named `text/event-stream`, rather than taking anything: a stream that is not needed is no surprise then. */
  readonly streamNamed: boolean;
}

const BOTH: Accepted = { json: true, stream: true, streamNamed: true };
const ANYTHING: Accepted = { json: true, stream: true, streamNamed: false };
const JSON_TYPES = ['application/json', 'application/*', '*/*'];
const STREAM_TYPES = ['text/event-stream', 'text/*', '*/*'];

/** Reads `Accept`. Without the header anything is taken (RFC 9110, section 12.5.1). Weights only matter when they are 0. */
export function readAccept(accept: string | undefined): Accepted {
  if (accept === 'application/json, text/event-stream') return BOTH;
  if (accept === undefined || accept === '') return ANYTHING;
  const types = accept
    .toLowerCase()
    .split(',')
    .filter((range) => !/;\s*q=0(\.0*)?\s*(;|$)/.test(range))
    .map((range) => range.split(';', 1)[0]!.trim());
  return {
    json: types.some((type) => JSON_TYPES.includes(type)),
    stream: types.some((type) => STREAM_TYPES.includes(type)),
    streamNamed: types.includes('text/event-stream'),
  };
}

/** True for `application/json`, with or without parameters. */
export function isJsonContent(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  if (contentType === 'application/json') return true;
  return contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/json';
}
