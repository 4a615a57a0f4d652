import { get } from './api.js';
import { byId, el, replaceWhenChanged } from './dom.js';
import { count, plural } from './format.js';

const SERVER_STATES = {
  running: ['Running', 'good'],
  registered: ['Not started', 'warn'],
  stopped: ['Stopped', 'warn'],
  failed: ['Failed', 'bad'],
};
const SERVICE_TONES = { UP: 'good', STARTING: 'busy', DOWN: 'bad', OUT_OF_SERVICE: 'warn' };

/** Tiles, services and servers. */
export function overviewView() {
  const verify = el('button', { type: 'button', text: 'Verify' });
  const verdict = el('p', { class: 'tile-note', role: 'status' });
  verify.addEventListener('click', () => void verifyLog(verify, verdict));
  const tiles = {
    services: tile('Services'),
    servers: tile('MCP servers'),
    log: tile('Event log', verify, verdict),
    deadLetters: tile('Dead letters'),
  };
  byId('tiles').append(...Object.values(tiles).map(({ element }) => element));
  let verified;
  verdict.addEventListener('verified', () => (verified = true));

  return {
    show({ version, services, servers, log, deadLetters }) {
      byId('version').textContent = version;
      const up = services.filter(({ status }) => status === 'UP').length;
      const running = servers.filter(({ state }) => state === 'running').length;
      const tools = servers.reduce((sum, server) => sum + server.tools.length, 0);
      tiles.services.set(
        `${up} of ${services.length}`,
        services.length ? 'up and answering' : 'none is registered',
        up < services.length ? 'bad' : '',
      );
      tiles.servers.set(
        `${running} of ${servers.length}`,
        servers.length ? `running, ${plural(tools, 'tool')}` : 'none is configured',
        running < servers.length ? 'warn' : '',
      );
      tiles.log.set(count(log.commits), verified ? undefined : `commits in ${plural(log.partitions, 'partition')}`);
      tiles.deadLetters.set(
        count(deadLetters),
        deadLetters ? 'messages that no handler could take' : 'every message was handled',
        deadLetters ? 'warn' : '',
      );
      replaceWhenChanged(byId('services'), services, () =>
        services.length ? services.map(serviceRow) : [emptyRow('No service is registered.')],
      );
      replaceWhenChanged(byId('servers'), servers, () =>
        servers.length
          ? servers.map(serverRow)
          : [emptyRow('No MCP server is configured. Add one under "mcpServers" in the configuration file.')],
      );
    },
  };
}

function tile(label, button, note = el('p', { class: 'tile-note' })) {
  const value = el('p', { class: 'tile-value', text: '–' });
  const element = el('li', { class: 'tile' }, el('p', { class: 'tile-label', text: label }), value, button, note);
  return {
    element,
    set(text, explanation, tone = '') {
      value.textContent = text;
      if (explanation !== undefined) note.textContent = explanation;
      element.dataset.tone = tone;
    },
  };
}

async function verifyLog(button, note) {
  button.disabled = true;
  note.textContent = 'Walking the hash chain…';
  note.dispatchEvent(new Event('verified'));
  try {
    const { ok, partitions } = await get('/audit/verify', {}, AbortSignal.timeout(600_000));
    const wrong = partitions.find(({ firstBad }) => firstBad !== undefined);
    note.textContent = ok
      ? `Intact: all ${plural(partitions.length, 'partition')}, up to now`
      : `Damaged: ${wrong.partition} at position ${wrong.firstBad}${wrong.reason ? `, ${wrong.reason}` : ''}`;
    button.closest('.tile').dataset.tone = ok ? '' : 'bad';
  } catch (error) {
    note.textContent = `Could not verify: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

const emptyRow = (text) => el('li', { class: 'empty', text });

function serviceRow({ id, serviceName, host, port, status }) {
  return el(
    'li',
    {},
    el(
      'div',
      { class: 'row-line' },
      el('span', { class: 'row-name', text: serviceName }),
      el('span', { class: 'badge', 'data-tone': SERVICE_TONES[status], text: status }),
    ),
    el('p', { class: 'row-note', text: `${id} on ${host}:${port}` }),
  );
}

function serverRow({ name, state, transport, version, lastError, tools, prompts, resources }) {
  const [label, tone] = SERVER_STATES[state] ?? [state, ''];
  const offers = [
    tools.length > 0 && plural(tools.length, 'tool'),
    prompts > 0 && plural(prompts, 'prompt'),
    resources > 0 && plural(resources, 'resource'),
  ];
  const offered = offers.filter(Boolean).join(', ');
  return el(
    'li',
    {},
    el(
      'div',
      { class: 'row-line' },
      el('span', { class: 'row-name', text: name, title: name }),
      el('span', { class: 'badge', 'data-tone': tone, text: label }),
    ),
    el('p', { class: 'row-note', text: [transport, version].filter(Boolean).join(', ') }),
    lastError && el('p', { class: 'row-note bad', text: lastError }),
    tools.length > 0 ? toolList(name, tools, offered) : offered && el('p', { class: 'row-note', text: offered }),
  );
}

function toolList(server, tools, offered) {
  const items = tools.map(({ name, description }) =>
    el('li', {}, el('code', { text: name }), description && el('p', { text: description })),
  );
  return el(
    'details',
    { id: `tools-of-${server}` },
    el('summary', { id: `summary-of-${server}`, text: offered }),
    el('ul', { class: 'tools', tabindex: '0', 'aria-label': 'Tools' }, ...items),
  );
}
