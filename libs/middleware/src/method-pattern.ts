/** A test for names by patterns in which `*` stands for any characters, none included. */
export function namePattern(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.includes('*')) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const loose = patterns
    .filter((pattern) => pattern.includes('*'))
    .map((pattern) => new RegExp(`^${pattern.split(/\*+/).map(escape).join('.*')}$`, 's'));
  return (name) => exact.has(name) || loose.some((pattern) => pattern.test(name));
}

const escape = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
