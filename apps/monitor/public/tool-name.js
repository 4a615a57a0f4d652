import { el } from './dom.js';

/** A call's server and tool, or its id while only a part of it is known. */
export function toolName({ id, server, tool }) {
  return tool === undefined ? [el('b', { text: id })] : [el('span', { text: `${server} › ` }), el('b', { text: tool })];
}
