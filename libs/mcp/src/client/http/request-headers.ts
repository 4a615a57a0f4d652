import { encodeHeaderValue } from '../../header-value.js';

type Fields = Readonly<Record<string, unknown>>;

/** Which field of the params the header `Mcp-Name` repeats. */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

/**
 * The headers in which a request of 2026-07-28 repeats what is in its body, so that who stands between need not read it.
 * @param others headers to send as well, lower-case; `Mcp-Param-*` of the called tool among them
 */
export function requestHeaders(
  method: string,
  params: object | undefined,
  others: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { ...others, 'mcp-method': method };
  const field = NAMED[method];
  const name = field === undefined ? undefined : (params as Fields | undefined)?.[field];
  if (typeof name === 'string') headers['mcp-name'] = encodeHeaderValue(name);
  return headers;
}
