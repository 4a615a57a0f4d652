/** Key in `_meta` of what a server that is down offers. */
export const UNAVAILABLE = 'io.signalbox/unavailable';

/**
 * JSON texts of list items. Each is made once for as long as its definition lives: when one of a hundred servers changes,
 * the items of the others are not serialised again.
 */
export class ItemTexts {
  readonly #texts = new WeakMap<object, Map<string | undefined, string>>();

  /**
   * @param definition as its server said it; nothing of it is left out or changed but what follows
   * @param name in place of its own
   * @param unavailableSince milliseconds since the epoch; marks it in `_meta`
   */
  text(definition: object, name: string | undefined, unavailableSince: number | undefined): string {
    const named = name === undefined ? definition : { ...definition, name };
    if (unavailableSince !== undefined) return JSON.stringify(marked(named, unavailableSince));
    let texts = this.#texts.get(definition);
    if (!texts) this.#texts.set(definition, (texts = new Map()));
    const known = texts.get(name);
    if (known !== undefined) return known;
    const text = JSON.stringify(named);
    // under its own name and under that of the merged catalogue: no more than two
    texts.set(name, text);
    return text;
  }
}

function marked(definition: object, since: number): object {
  const { _meta: meta } = definition as { readonly _meta?: unknown };
  const known = typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? meta : {};
  return { ...definition, _meta: { ...known, [UNAVAILABLE]: { since: new Date(since).toISOString() } } };
}
