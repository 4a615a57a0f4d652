/** What terminals take as commands: control characters of C0 (save tab and line feed), DEL and C1. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A text that others wrote, as a terminal may have it: without control characters, which could do as they like there. */
export function clean(text: string): string {
  return text.replace(CONTROL, '');
}

/** On one line, and not longer than `max` characters. */
export function oneLine(value: unknown, max = 80): string {
  if (value === undefined || value === null) return '';
  const text = clean(typeof value === 'string' ? value : JSON.stringify(value))
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
