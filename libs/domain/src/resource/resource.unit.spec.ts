import { createEvent } from '@signalbox/contracts';
import { given } from '@signalbox/testing';
import { describe, expect, it } from 'vitest';
import { resourceDecider } from './resource.js';

const decider = resourceDecider();
const of = { collection: 'notes', id: 'n1' };
const document = { text: 'hello' };
const other = { text: 'world' };

const created = createEvent('resource.created', { ...of, version: 1, document });
const updated = createEvent('resource.updated', { ...of, version: 2, document: other });
const deleted = createEvent('resource.deleted', { ...of, version: 3 });

describe('create', () => {
  it('makes version 1', () => {
    given(decider)
      .when({ kind: 'create', ...of, document })
      .then([created]);
  });

  it('is refused when the document is there, and says at which version', () => {
    given(decider, [created, updated])
      .when({ kind: 'create', ...of, document })
      .thenThrows({ code: 'already-exists', details: expect.objectContaining({ currentVersion: 2 }) });
  });

  it('goes on with the versions of a deleted document', () => {
    given(decider, [created, updated, deleted])
      .when({ kind: 'create', ...of, document })
      .then([{ type: 'resource.created', data: { ...of, version: 4, document } }]);
  });

  it('is refused for a deleted document when the policy says so', () => {
    given(resourceDecider({ recreate: false }), [created, updated, deleted])
      .when({ kind: 'create', ...of, document })
      .thenThrows({ code: 'gone' });
  });
});

describe('update', () => {
  it('makes the next version', () => {
    given(decider, [created])
      .when({ kind: 'update', ...of, document: other })
      .then([updated]);
    given(decider, [created])
      .when({ kind: 'update', ...of, document: other })
      .thenState({ version: 2, document: other });
  });

  it('takes the expected version', () => {
    given(decider, [created])
      .when({ kind: 'update', ...of, document: other, expectedVersion: 1 })
      .then([updated]);
  });

  it.each([0, 1, 3])('refuses another expected version (%i), and says the current one', (expectedVersion) => {
    given(decider, [created, updated])
      .when({ kind: 'update', ...of, document, expectedVersion })
      .thenThrows({
        code: 'version-conflict',
        message: `notes/n1 is at version 2, not ${expectedVersion}`,
        details: expect.objectContaining({ currentVersion: 2 }),
      });
  });

  it('is refused for a document that never was', () => {
    given(decider)
      .when({ kind: 'update', ...of, document })
      .thenThrows({ code: 'not-found' });
  });

  it('is refused for a deleted document', () => {
    given(decider, [created, updated, deleted])
      .when({ kind: 'update', ...of, document })
      .thenThrows({ code: 'gone' });
  });
});

describe('put', () => {
  it('creates what is not there', () => {
    given(decider)
      .when({ kind: 'put', ...of, document })
      .then([created]);
  });

  it('updates what is there', () => {
    given(decider, [created])
      .when({ kind: 'put', ...of, document: other, expectedVersion: 1 })
      .then([updated]);
  });

  it('creates with expected version 0', () => {
    given(decider)
      .when({ kind: 'put', ...of, document, expectedVersion: 0 })
      .then([created]);
  });

  it('refuses to create when a version was expected', () => {
    given(decider, [created, updated, deleted])
      .when({ kind: 'put', ...of, document, expectedVersion: 2 })
      .thenThrows({ code: 'version-conflict' });
  });

  it('refuses to replace when nothing was expected', () => {
    given(decider, [created])
      .when({ kind: 'put', ...of, document, expectedVersion: 0 })
      .thenThrows({ code: 'version-conflict' });
  });

  it('follows the policy for deleted documents', () => {
    given(resourceDecider({ recreate: false }), [created, updated, deleted])
      .when({ kind: 'put', ...of, document })
      .thenThrows({ code: 'gone' });
  });
});

describe('delete', () => {
  it('makes a version of its own, without a document', () => {
    given(decider, [created, updated])
      .when({ kind: 'delete', ...of, expectedVersion: 2 })
      .then([deleted]);
    given(decider, [created, updated, deleted]).hasState({ phase: 'deleted', version: 3 });
  });

  it('refuses another expected version', () => {
    given(decider, [created, updated])
      .when({ kind: 'delete', ...of, expectedVersion: 1 })
      .thenThrows({ code: 'version-conflict' });
  });

  it('is refused when there is nothing', () => {
    given(decider)
      .when({ kind: 'delete', ...of })
      .thenThrows({ code: 'not-found' });
    given(decider, [created, updated, deleted])
      .when({ kind: 'delete', ...of })
      .thenThrows({ code: 'gone' });
  });
});
