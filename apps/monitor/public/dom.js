/**
 * Makes an element. Text always becomes a text node, so nothing that a tool wrote is ever read as markup.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] attributes; `class`, `text`, and `on…` listeners are understood
 * @param {...(Node | string | null | undefined | false)} children
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'text') element.textContent = String(value);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/**
 * Puts new children in the place of the old ones. What has the focus and which details are open stays, as far as the new
 * children have elements of the same ids.
 */
export function replaceChildren(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : '';
  const open = [...parent.querySelectorAll('details[open][id]')].map(({ id }) => id);
  parent.replaceChildren(...children);
  for (const id of open) parent.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');
  if (focused) parent.querySelector(`#${CSS.escape(focused)}`)?.focus({ preventScroll: true });
}

/** The same, but only when what is shown has changed. */
export function replaceWhenChanged(parent, shown, render) {
  const key = JSON.stringify(shown);
  if (parent.dataset.shown === key) return;
  parent.dataset.shown = key;
  replaceChildren(parent, render());
}
