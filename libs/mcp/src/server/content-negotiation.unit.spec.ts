import { describe, expect, it } from 'vitest';
import { isJsonContent, readAccept } from './content-negotiation.js';

describe('readAccept', () => {
  it.each([
    [undefined, true, true, false],
    ['', true, true, false],
    ['*/*', true, true, false],
    ['application/json, text/event-stream', true, true, true],
    ['text/event-stream,application/json', true, true, true],
    ['application/json', true, false, false],
    ['application/*;q=0.5', true, false, false],
    ['TEXT/EVENT-STREAM', false, true, true],
    ['application/json;q=0, text/event-stream', false, true, true],
    ['text/html, image/png', false, false, false],
  ])('%s: json %s, stream %s, by name %s', (accept, json, stream, streamNamed) => {
    expect(readAccept(accept)).toEqual({ json, stream, streamNamed });
  });
});

describe('isJsonContent', () => {
  it.each([
    ['application/json', true],
    ['application/json; charset=utf-8', true],
    ['Application/JSON', true],
    ['application/jsonp', false],
    ['text/plain', false],
    [undefined, false],
  ])('%s: %s', (contentType, expected) => {
    expect(isJsonContent(contentType)).toBe(expected);
  });
});
