import { describe, expect, it } from 'vitest';
import { refusalOf } from './client-abilities.js';

describe('refusalOf', () => {
  it.each([
    ['sampling/createMessage', {}, { sampling: {} }, false],
    ['sampling/createMessage', {}, {}, true],
    ['roots/list', undefined, { roots: { listChanged: true } }, false],
    ['roots/list', undefined, { sampling: {} }, true],
    ['elicitation/create', {}, { elicitation: {} }, false],
    ['elicitation/create', { mode: 'form' }, { elicitation: { form: {} } }, false],
    ['elicitation/create', { mode: 'url' }, { elicitation: {} }, true],
    ['elicitation/create', { mode: 'url' }, { elicitation: { url: {} } }, false],
    ['made/up', {}, { 'made/up': {} }, true],
  ])('%s %j with %j: %s', (method, params, capabilities, refused) => {
    expect(refusalOf(method, params, capabilities)?.code).toBe(refused ? -32601 : undefined);
  });
});
