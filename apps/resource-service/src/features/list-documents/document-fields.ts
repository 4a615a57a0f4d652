const ENVELOPE: Readonly<Record<string, string>> = {
  _id: 'id',
  _version: 'version',
  _createdAt: 'createdAt',
  _updatedAt: 'updatedAt',
};

const MAX_LENGTH = 256;

/** What filters and sorts may name beside the document's own fields. */
export const ENVELOPE_FIELDS = Object.keys(ENVELOPE);

/**
 * The stored field behind a name in a filter or sort: `_id`, `_version`, `_createdAt` and `_updatedAt` are what the service
 * knows of a document, all others are its own, as dotted paths.
 * @returns undefined when `name` is no field name
 */
export function fieldOf(name: string): string | undefined {
  if (Object.hasOwn(ENVELOPE, name)) return ENVELOPE[name];
  const parts = name.split('.');
  if (name.length > MAX_LENGTH || parts.some((part) => part === '' || part.startsWith('$'))) return undefined;
  return `document.${name}`;
}
