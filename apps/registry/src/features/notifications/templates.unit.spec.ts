import { TOPICS } from '@signalbox/domain/notification';
import { describe, expect, it } from 'vitest';
import { compileBody, compileTemplate, MAX_TEXT } from './templates.js';

describe('a template', () => {
  it('fills in names as they are, and leaves out what the event does not have', () => {
    const render = compileTemplate('{{subject}}: <{{error}}>{{#if who}} by {{who}}{{else}}!{{/if}}');
    expect(render({ subject: 'server a', error: '"x" & y' })).toBe('server a: <"x" & y>!');
    expect(render({ subject: 'server a', who: 'ada' })).toBe('server a: <> by ada');
  });

  it.each(Object.entries(TOPICS))('of %s compiles', (_topic, { text }) => {
    expect(compileTemplate(text)({ subject: 'it' })).not.toContain('{{');
  });

  it.each([
    ['{{#if who}}', /no template: Parse error on line 1/],
    ['{{sever}}', /\{\{sever\}\} is not known; known: address, .*server/],
    ['{{#if a}}x{{/if}}', /\{\{a\}\} is not known/],
    ['{{shout text}}', /no helper shout; known: if, unless, json/],
    ['{{#each facts}}x{{/each}}', /no helper each/],
    ['{{> partial}}', /PartialStatement/],
    ['{{constructor}}', /not known/],
    ['{{../server}}', /not known/],
    ['{{lookup this "constructor"}}', /no helper lookup/],
    ['{{#if (json who)}}x{{/if}}', /not known/],
  ])('%s is refused', (text, why) => expect(() => compileTemplate(text)).toThrow(why));

  it('makes no text that is too long for the log', () => {
    const text = compileTemplate('{{error}}')({ error: 'x'.repeat(100_000) });
    expect(text.length).toBe(MAX_TEXT + 1);
  });
});

describe('the template of a body', () => {
  it('makes JSON', () => {
    const render = compileBody('{"text": {{json text}}, "by": {{json who}} }');
    expect(JSON.parse(render({ text: 'a\n"b"' }))).toEqual({ text: 'a\n"b"', by: null });
  });

  it.each([
    ['{"text": "{{text}}"}', /does not make JSON; write \{\{json name\}\}/],
    ['{"text": {{json text}}}', /space between/],
  ])('%s is refused', (text, why) => expect(() => compileBody(text)).toThrow(why));
});
