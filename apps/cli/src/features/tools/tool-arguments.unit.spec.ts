import { describe, expect, it } from 'vitest';
import { jsonOption, toolArguments } from './tool-arguments.js';
import { resultLines } from './tool-texts.js';

describe('arguments', () => {
  it('are JSON where they are JSON, and text where not', () => {
    expect(toolArguments(undefined, ['n=3', 'on=true', 'text=3 apples', 'url=a=b', 'list=[1,2]', 'q="3"'])).toEqual({
      ...{ n: 3, on: true, text: '3 apples', url: 'a=b', list: [1, 2], q: '3' },
    });
  });

  it('go over those of the object', () => {
    expect(toolArguments('{"a": 1, "b": 2}', ['b=3'])).toEqual({ a: 1, b: 3 });
  });

  it.each([
    ['[1]', undefined, '--args: must be a JSON object'],
    ['{', undefined, '--args: not JSON'],
    [undefined, ['x'], '--arg: "x" is no NAME=VALUE'],
  ])('%s %j are refused', (object, single, message) => {
    expect(() => toolArguments(object, single)).toThrow(message);
  });
});

describe('--json', () => {
  it('asks for JSON alone, and has the arguments with an object', () => {
    expect(jsonOption(undefined)).toEqual({ json: false });
    expect(jsonOption(true)).toEqual({ json: true });
    expect(jsonOption('{"a":1}')).toEqual({ json: false, object: '{"a":1}' });
    expect(() => jsonOption('everything__echo')).toThrow('behind the name');
  });
});

describe('a result', () => {
  it('is its texts, and what stands for all else', () => {
    const content = [
      { type: 'text', text: 'a\u001b]0;title\u0007' },
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'resource_link', uri: 'file:///x' },
      { type: 'resource', resource: { uri: 'file:///y', text: 'inside' } },
    ];
    expect(resultLines({ result: { content } })).toEqual([
      'a]0;title',
      '(image, image/png, about 3 bytes)',
      '(link to file:///x)',
      'inside',
    ]);
    expect(resultLines({ result: {} })).toEqual(['(no content)']);
    expect(resultLines({ result: { structuredContent: { n: 1 } } })).toEqual(['{\n  "n": 1\n}']);
  });
});
