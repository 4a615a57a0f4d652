import { describe, expect, it } from 'vitest';
import { isStatelessMessage, mirroredHeaderFault, readStatelessRequest } from './stateless-request.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const meta = (more: object = {}) => ({ [VERSION]: '2026-07-28', [CAPABILITIES]: {}, ...more });
const params = (more: object = {}, ofMeta: object = {}) => ({ ...more, _meta: meta(ofMeta) });
const headers = (more: Record<string, string | undefined> = {}) => ({
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'add',
  ...more,
});
const CALL = params({ name: 'add' });

describe('isStatelessMessage', () => {
  it.each([
    [{ _meta: { [VERSION]: '2026-07-28' } }, undefined, true],
    [{ _meta: { [VERSION]: '1900-01-01' } }, undefined, true],
    [{}, '2026-07-28', true],
    [undefined, '2099-01-01', true],
    [{}, '2025-11-25', false],
    [{ _meta: { progressToken: 1 } }, undefined, false],
    [{ _meta: [] }, undefined, false],
    [undefined, undefined, false],
    [{}, 'nonsense', false],
  ])('%j with header %s: %s', (body, header, expected) => {
    expect(isStatelessMessage(body, header)).toBe(expected);
  });
});

describe('readStatelessRequest', () => {
  it('says who the client is', () => {
    const info = { name: 'c', version: '1', title: 'C' };
    const read = readStatelessRequest(
      'tools/call',
      params(
        { name: 'add' },
        {
          [CAPABILITIES]: { roots: {} },
          'io.modelcontextprotocol/clientInfo': info,
          'io.modelcontextprotocol/logLevel': 'info',
        },
      ),
      headers(),
    );
    expect(read).toEqual({
      ok: true,
      client: { protocolVersion: '2026-07-28', info, capabilities: { roots: {} }, logLevel: 'info' },
    });
  });

  it.each([
    ['a name in Base64', CALL, headers({ 'mcp-name': '=?base64?YWRk?=' })],
    ['no name in either', params(), headers({ 'mcp-name': undefined })],
  ])('takes %s', (_, body, given) => {
    expect(readStatelessRequest('tools/call', body, given).ok).toBe(true);
  });

  it.each([
    ['no version header', headers({ 'mcp-protocol-version': undefined }), 'MCP-Protocol-Version is missing'],
    ['another version header', headers({ 'mcp-protocol-version': '2025-11-25' }), 'does not match body value'],
    ['no method header', headers({ 'mcp-method': undefined }), 'Mcp-Method is missing'],
    ['another method header', headers({ 'mcp-method': 'Tools/Call' }), 'Mcp-Method header value "Tools/Call"'],
    ['no name header', headers({ 'mcp-name': undefined }), 'Mcp-Name is missing'],
    ['another name header', headers({ 'mcp-name': 'sub' }), 'Mcp-Name header value "sub"'],
    ['a name that is not Base64', headers({ 'mcp-name': '=?base64?!?=' }), 'not valid Base64'],
  ])('refuses %s as a header mismatch', (_, given, message) => {
    const read = readStatelessRequest('tools/call', CALL, given);
    expect(read).toMatchObject({ ok: false, error: { code: -32020, message: expect.stringContaining(message) } });
  });

  it('compares the URI of resources/read', () => {
    const given = headers({ 'mcp-method': 'resources/read', 'mcp-name': 'x://a' });
    expect(readStatelessRequest('resources/read', params({ uri: 'x://a' }), given).ok).toBe(true);
    expect(readStatelessRequest('resources/read', params({ uri: 'x://b' }), given).ok).toBe(false);
  });

  it.each([
    ['no _meta', { name: 'add' }],
    ['no version', { name: 'add', _meta: { [CAPABILITIES]: {} } }],
    ['no capabilities', { name: 'add', _meta: { [VERSION]: '2026-07-28' } }],
    ['capabilities that are a list', params({ name: 'add' }, { [CAPABILITIES]: [] })],
    ['a client that is a text', params({ name: 'add' }, { 'io.modelcontextprotocol/clientInfo': 'c' })],
    ['an unknown log level', params({ name: 'add' }, { 'io.modelcontextprotocol/logLevel': 'loud' })],
  ])('refuses %s as invalid params', (_, body) => {
    expect(readStatelessRequest('tools/call', body, headers())).toMatchObject({ ok: false, error: { code: -32602 } });
  });

  it.each(['1900-01-01', '2025-11-25', '2099-12-31'])('does not speak %s here, and says what it speaks', (version) => {
    const given = headers({ 'mcp-protocol-version': version });
    expect(readStatelessRequest('tools/call', params({ name: 'add' }, { [VERSION]: version }), given)).toMatchObject({
      ok: false,
      error: {
        code: -32022,
        data: { requested: version, supported: expect.arrayContaining(['2026-07-28', '2025-11-25']) },
      },
    });
  });
});

describe('mirroredHeaderFault', () => {
  const region = { header: 'Region', path: ['region'], type: 'string' };
  const level = { header: 'Level', path: ['level'], type: 'integer' };

  it.each([
    [{ region: 'eu' }, { 'mcp-param-region': 'eu' }],
    [{ region: 'é' }, { 'mcp-param-region': '=?base64?w6k=?=' }],
    [{ level: 42 }, { 'mcp-param-level': '42.0' }],
    [{ region: null }, {}],
    [{}, { 'mcp-param-region': 'ignored' }],
    [{}, { 'mcp-param-other': 'unknown' }],
  ])('%j with %j is in order', (args, given) => {
    expect(mirroredHeaderFault([region, level], args, given)).toBeUndefined();
  });

  it.each([
    [{ region: 'eu' }, {}, 'Mcp-Param-Region is missing'],
    [{ region: 'eu' }, { 'mcp-param-region': 'us' }, 'does not match'],
    [{ region: 'eu' }, { 'mcp-param-region': '=?base64?YQ?=' }, 'not valid Base64'],
    [{ level: 42 }, { 'mcp-param-level': '43' }, 'does not match'],
    [{ level: 16 }, { 'mcp-param-level': '0x10' }, 'does not match'],
    [{ region: '42' }, { 'mcp-param-region': '42.0' }, 'does not match'],
  ])('%j with %j is refused', (args, given, message) => {
    expect(mirroredHeaderFault([region, level], args, given)).toMatchObject({
      code: -32020,
      message: expect.stringContaining(message),
    });
  });
});
