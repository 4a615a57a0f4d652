const MAX_LENGTH = 8192;
const EXPRESSION = /\{([+#./;?&]?)[A-Za-z0-9_.,%*:]+\}/g;

/** One step of a template: a character, or any number of characters. */
type Step = string | { readonly segment: boolean };

/**
 * Makes a test for URIs that a template (RFC 6570) can produce. It may say yes to a few that it cannot, as operators are
 * told apart only by whether a value may hold `/`, `?` and `#`; never no to one that it can. Linear in the URI's length
 * for every template: both come from outside.
 */
export function uriTemplateMatcher(template: string): (uri: string) => boolean {
  const steps: Step[] = [];
  let end = 0;
  for (const match of template.slice(0, MAX_LENGTH).matchAll(EXPRESSION)) {
    steps.push(...template.slice(end, match.index));
    steps.push({ segment: match[1] === '' });
    end = match.index + match[0].length;
  }
  steps.push(...template.slice(end));
  const firstExpression = template.search(EXPRESSION);
  const prefix = firstExpression < 0 ? template : template.slice(0, firstExpression);
  return (uri) => uri.length <= MAX_LENGTH && uri.startsWith(prefix) && runs(steps, uri);
}

/** Follows all ways through the steps at once, as a regular expression engine without backtracking does. */
function runs(steps: readonly Step[], uri: string): boolean {
  let at = skipEmpty(steps, new Set([0]));
  for (const character of uri) {
    const next = new Set<number>();
    for (const index of at) {
      const step = steps[index];
      if (step === undefined) continue;
      if (typeof step === 'string') {
        if (step === character) next.add(index + 1);
      } else if (!step.segment || !'/?#'.includes(character)) {
        next.add(index);
      }
    }
    if (next.size === 0) return false;
    at = skipEmpty(steps, next);
  }
  return at.has(steps.length);
}

/** A value may be empty: whoever stands before it may stand behind it. */
function skipEmpty(steps: readonly Step[], at: Set<number>): Set<number> {
  // a Set hands out what is added while it is gone through
  for (const index of at) if (typeof steps[index] === 'object') at.add(index + 1);
  return at;
}
