import { describe, expect, it } from 'vitest';
import { collectionSchema, documentIdSchema, keyOfUri, streamOf, uriOf } from './document-key.js';

describe('document keys', () => {
  it.each(['a', 'notes', 'my-notes_2', 'a'.repeat(63)])('takes the collection %s', (name) => {
    expect(collectionSchema.safeParse(name).success).toBe(true);
  });

  it.each(['', 'Notes', '2notes', 'a:b', 'a/b', 'a.b', 'ä', '-a', 'a'.repeat(64)])(
    'refuses the collection "%s"',
    (name) => {
      expect(collectionSchema.safeParse(name).success).toBe(false);
    },
  );

  it.each(['1', 'A-b_c~d.e', '~', 'x'.repeat(100)])('takes the id %s', (id) => {
    expect(documentIdSchema.safeParse(id).success).toBe(true);
  });

  it.each(['', '.', '..', '.hidden', 'a b', 'a/b', 'a:b', 'a%20', 'ü', 'x'.repeat(101)])(
    'refuses the id "%s"',
    (id) => {
      expect(documentIdSchema.safeParse(id).success).toBe(false);
    },
  );

  it('gives each document a stream of its own', () => {
    expect(streamOf({ collection: 'notes', id: 'a' })).toBe('resource-notes:a');
    expect(streamOf({ collection: 'notes-a', id: 'b' })).not.toBe(streamOf({ collection: 'notes', id: 'a-b' }));
  });

  it('goes to the URI of a document and back', () => {
    const key = { collection: 'notes', id: 'A-b_c~d.e' };
    expect(keyOfUri(uriOf(key))).toEqual(key);
  });

  it('reads escaped characters in a URI', () => {
    expect(keyOfUri('resource://notes/a%7Eb')).toEqual({ collection: 'notes', id: 'a~b' });
  });

  it.each([
    'resource://notes',
    'resource://notes/',
    'resource://notes/a/b',
    'file://notes/a',
    'resource://Notes/a',
    'resource://notes/%',
  ])('finds no document in %s', (uri) => expect(keyOfUri(uri)).toBeUndefined());
});
