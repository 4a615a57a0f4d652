import { byId, el } from './dom.js';
import { callOf, textOf, toneOf } from './event-text.js';
import { json, time } from './format.js';

const MAX_ROWS = 200;
const MAX_HELD = 500;
const MAX_KEPT = 2_000;

const GROUPS = [
  ['#', 'All'],
  ['tool.call.*', 'Calls'],
  ['server.*', 'MCP servers'],
  ['catalogue.*', 'Catalogues'],
  ['tool.definition.*', 'Tool definitions'],
  ['service.*', 'Services'],
  ['resource.*', 'Resources'],
  ['session.*', 'Sessions'],
];

/** The list of live events, newest first; it can be held still to be read. */
export function eventsView(live) {
  const list = byId('events');
  const empty = byId('events-empty');
  const pause = byId('pause');
  const types = byId('event-filters').elements.namedItem('type');
  const seen = new Map();
  const names = new Map();
  let held = [];
  let paused = false;

  types.append(...GROUPS.map(([value, label]) => el('option', { value, text: label })));

  const show = (rows) => {
    if (rows.length === 0) return;
    empty.hidden = true;
    list.prepend(...rows.toReversed());
    while (list.childElementCount > MAX_ROWS) list.lastElementChild.remove();
  };
  const add = (row) => {
    if (!paused) return show([row]);
    held.push(row);
    held = held.slice(-MAX_HELD);
    pause.textContent = `Resume (${held.length} new)`;
  };

  const nameOf = ({ type, data }) => {
    if (data.callId === undefined) return undefined;
    if (data.tool !== undefined) keep(names, data.callId, `${data.server} › ${data.tool}`);
    return type === 'tool.call.requested' ? undefined : names.get(data.callId);
  };

  live.addEventListener('event', ({ detail }) => {
    if (seen.has(detail.id)) return;
    keep(seen, detail.id, true);
    add(eventRow(detail, nameOf(detail)));
  });
  live.addEventListener('skipped', () => {
    const text = 'Events were left out here: they came faster than they can be shown. All of them are at /events.';
    add(el('li', { class: 'event-gap', text }));
  });
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    pause.textContent = paused ? 'Resume' : 'Pause';
    show(held);
    held = [];
  });
  types.addEventListener('change', () => {
    seen.clear();
    held = [];
    list.replaceChildren();
    empty.hidden = false;
    live.open(types.value);
  });
  return { open: () => live.open(types.value) };
}

function keep(map, key, value) {
  map.set(key, value);
  if (map.size > MAX_KEPT) map.delete(map.keys().next().value);
}

function eventRow(event, name) {
  const details = el(
    'details',
    {},
    el(
      'summary',
      {},
      el('time', { datetime: event.time, title: event.time, text: time(event.time) }),
      el('span', { class: 'event-type', 'data-tone': toneOf(event), text: event.type }),
      el('span', { class: 'event-text', text: textOf(event, name) }),
    ),
  );
  details.addEventListener('toggle', () => details.append(eventDetail(event)), { once: true });
  return el('li', { class: 'new-row', 'data-event': event.id }, details);
}

function eventDetail(event) {
  const callId = callOf(event);
  return el(
    'div',
    { class: 'event-detail' },
    callId && el('p', {}, el('a', { href: `#/calls/${encodeURIComponent(callId)}`, text: 'Show the whole call' })),
    el('pre', { tabindex: '0', text: json(event) }),
  );
}
