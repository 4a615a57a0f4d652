import { describe, expect, it } from 'vitest';
import { WireAnswers } from './wire-answers.js';

const SERVER = 'io.modelcontextprotocol/serverInfo';
const info = { name: 'signalbox', version: '1' };
const answers = new WireAnswers(info, { ttlMs: 0, cacheScope: 'private' });
const on = (method: string, outcome: Parameters<WireAnswers['of']>[1], capabilities: object = {}) => {
  const { status, text } = answers.of({ id: 'a"b', method, capabilities: { ...capabilities } }, outcome);
  return { status, body: JSON.parse(text) };
};

describe('results', () => {
  it.each([
    ['{}', {}],
    ['{"tools":[],"ttlMs":1}', { tools: [], ttlMs: 1 }],
  ])('that are text already: %s', (resultText, expected) => {
    expect(on('tools/list', { resultText })).toEqual({
      status: 200,
      body: { jsonrpc: '2.0', id: 'a"b', result: { resultType: 'complete', _meta: { [SERVER]: info }, ...expected } },
    });
  });

  it('of a server of sessions get a type and a server', () => {
    const { body } = on('tools/call', { result: { content: [], _meta: { own: 1 } } });
    expect(body.result).toEqual({ content: [], resultType: 'complete', _meta: { own: 1, [SERVER]: info } });
  });

  it('of a server without sessions stay as they are', () => {
    const result = {
      resultType: 'input_required',
      requestState: 's',
      _meta: { [SERVER]: { name: 'u', version: '2' } },
    };
    expect(on('resources/read', { result }).body.result).toEqual(result);
    const read = { resultType: 'complete', contents: [], ttlMs: 9, cacheScope: 'public' };
    expect(on('resources/read', { result: read }).body.result).toMatchObject(read);
  });

  it('that are not objects are empty ones', () => {
    expect(on('completion/complete', { result: null }).body.result.resultType).toBe('complete');
  });
});

describe('errors', () => {
  it.each([
    [-32021, 400, -32021],
    [-32002, 200, -32602],
    [-32042, 200, -32602],
    [-32601, 200, -32601],
    [-32603, 200, -32603],
    [7, 200, 7],
  ])('%i is answered %i with %i', (code, status, shown) => {
    const answer = on('tools/call', { error: { code, message: 'm', data: { d: 1 } } });
    expect(answer).toEqual({
      status,
      body: { jsonrpc: '2.0', id: 'a"b', error: { code: shown, message: 'm', data: { d: 1 } } },
    });
  });

  const visit = (elicitations: unknown) => ({ error: { code: -32042, message: 'm', data: { elicitations } } });

  it('that send to a URL are questions where a request may ask', () => {
    const url = { url: 'https://e.example/', message: 'm', elicitationId: '1' };
    const can = { elicitation: { url: {} } };
    expect(on('tools/call', visit([url]), can).body.result.inputRequests).toEqual({
      'elicitation-1': { method: 'elicitation/create', params: { mode: 'url', ...url } },
    });
    expect(on('completion/complete', visit([url]), can).body.error.code).toBe(-32602);
    expect(on('tools/call', visit([7]), can).body.error.code).toBe(-32602);
    expect(on('tools/call', visit([url])).body.error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: can },
    });
  });
});
