const MAX_LENGTH = 40;
const SUFFIX_LENGTH = 7;

/** A server name (letters, digits, `_` and `-`, at most 40) that is as like a given text as can be. */
export function serverNameFrom(text: string): string {
  const cleaned = text
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    // two underscores divide a server from its tool
    .replace(/__+/g, '_')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, MAX_LENGTH);
  return cleaned === '' ? 'server' : cleaned;
}

/** The same name for another server: always the same one for the same key. */
export function otherName(name: string, key: string): string {
  return `${name.slice(0, MAX_LENGTH - SUFFIX_LENGTH - 1)}-${hashOf(key)}`;
}

/** FNV-1a, 32 bits: tells names apart, protects nothing. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36).padStart(SUFFIX_LENGTH, '0').slice(0, SUFFIX_LENGTH);
}
