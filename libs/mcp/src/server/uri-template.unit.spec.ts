import { describe, expect, it } from 'vitest';
import { uriTemplateMatcher } from './uri-template.js';

describe('uriTemplateMatcher', () => {
  it.each([
    ['file:///{path}', 'file:///a', true],
    ['file:///{path}', 'file:///a/b', false],
    ['file:///{+path}', 'file:///a/b', true],
    ['test://template/{id}/data', 'test://template/123/data', true],
    ['test://template/{id}/data', 'test://template/1/2/data', false],
    ['test://template/{id}/data', 'test://template/123/date', false],
    ['x://search{?q,lang}', 'x://search?q=a&lang=b', true],
    ['x://search{?q,lang}', 'x://search', true],
    ['x://a{/rest*}', 'x://a/b/c', true],
    ['x://{a}.{b}', 'x://1.2', true],
    ['x://plain', 'x://plain', true],
    ['x://plain', 'x://plainer', false],
    ['x://(.*)+', 'x://aaaa', false],
  ])('%s and %s: %s', (template, uri, expected) => {
    expect(uriTemplateMatcher(template)(uri)).toBe(expected);
  });

  it('takes time in proportion to the URI, whatever the template', () => {
    const matches = uriTemplateMatcher(`x://${'{+a}'.repeat(30)}!`);
    const start = performance.now();
    expect(matches(`x://${'a'.repeat(8000)}`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
