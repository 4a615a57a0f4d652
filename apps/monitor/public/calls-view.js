import { ApiError, get } from './api.js';
import { byId, el, replaceWhenChanged } from './dom.js';
import { callState, duration, time } from './format.js';
import { toolName } from './tool-name.js';

const PAGE = 50;
const REFRESH_MS = 400;

const STATE_OPTIONS = [
  ['', 'All'],
  ['state=running', 'Running'],
  ['state=requested', 'Waiting'],
  ['isError=false', 'Succeeded'],
  ['isError=true', 'Not succeeded'],
  ['state=failed', 'Failed'],
  ['state=cancelled', 'Cancelled'],
  ['state=expired', 'Expired'],
  ['state=outcome_unknown', 'Outcome unknown'],
];

/** The table of calls; it reads the first page again whenever a call has moved on. */
export function callsView() {
  const body = byId('calls');
  const empty = byId('calls-empty');
  const older = byId('older');
  const form = byId('call-filters');
  const { state, server, tool } = Object.fromEntries(
    ['state', 'server', 'tool'].map((name) => [name, form.elements.namedItem(name)]),
  );
  let pages = 1;
  let due = false;
  let reading = false;

  state.append(...STATE_OPTIONS.map(([value, label]) => el('option', { value, text: label })));

  const filters = () => ({
    ...Object.fromEntries(new URLSearchParams(state.value)),
    server: server.value,
    tool: tool.value.trim(),
  });

  async function read() {
    const calls = [];
    let next;
    for (let page = 0; page < pages && next !== null; page++) {
      const answer = await get('/calls', { ...filters(), limit: PAGE, after: next });
      calls.push(...answer.calls);
      next = answer.next;
    }
    older.hidden = next === null;
    empty.hidden = calls.length > 0;
    empty.textContent = Object.values(filters()).some(Boolean)
      ? 'No call matches these filters.'
      : 'No tool has been called yet. Point an MCP client at the gateway; its calls appear here.';
    replaceWhenChanged(body, calls, () => calls.map(callRow));
  }

  // a connection that is lost is said by the stream of events, and what was read stays
  const showProblem = (error) => {
    if (!(error instanceof ApiError)) return;
    replaceWhenChanged(body, [], () => []);
    empty.hidden = false;
    empty.textContent = error.message;
  };

  async function refresh() {
    due = true;
    if (reading) return;
    reading = true;
    // once more after the last event: the table is a little behind the log
    for (let last = false; due || !last;) {
      last = !due;
      due = false;
      await read().catch(showProblem);
      await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    }
    reading = false;
  }

  const again = () => {
    pages = 1;
    void refresh();
  };
  form.addEventListener('change', again);
  form.addEventListener('submit', (event) => event.preventDefault());
  tool.addEventListener('search', again);
  older.addEventListener('click', () => {
    pages++;
    void refresh();
  });
  body.addEventListener('click', (event) => {
    if (event.target.closest('a') || getSelection()?.toString()) return;
    const link = event.target.closest('tr')?.querySelector('a');
    if (link) location.hash = new URL(link.href).hash;
  });

  return {
    refresh,
    /** @param {string[]} names */
    offerServers(names) {
      const chosen = server.value;
      const all = names.includes(chosen) || !chosen ? names : [...names, chosen];
      replaceWhenChanged(server, all, () => [
        el('option', { value: '', text: 'All' }),
        ...all.map((name) => el('option', { value: name, text: name })),
      ]);
      server.value = chosen;
    },
  };
}

function callRow(call) {
  const { label, tone } = callState(call);
  const at = call.requestedAt ?? call.startedAt;
  return el(
    'tr',
    { 'data-call': call.id },
    el('td', {}, at ? el('time', { datetime: at, title: at, text: time(at) }) : '–'),
    el(
      'td',
      { title: call.calledAs },
      el('a', { id: `call-${call.id}`, href: `#/calls/${encodeURIComponent(call.id)}` }, ...toolName(call)),
    ),
    el('td', {}, el('span', { class: 'badge', 'data-tone': tone, text: label, title: call.error })),
    el('td', { class: 'number', text: duration(call.waitedMs) }),
    el('td', { class: 'number', text: duration(call.durationMs) }),
    el('td', { text: call.principal ?? '–', title: call.principal }),
  );
}
