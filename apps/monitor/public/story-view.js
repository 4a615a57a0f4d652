import { get } from './api.js';
import { byId, el, replaceChildren } from './dom.js';
import { bytes, callState, duration, json, time } from './format.js';
import { timeline } from './timeline.js';
import { toolName } from './tool-name.js';

const OUTCOMES = new Set(['completed', 'failed', 'cancelled', 'expired', 'outcome_unknown']);

/** One call in full, in a dialog that the address names: `#/calls/<id>`. */
export function storyView() {
  const dialog = byId('story');
  const body = byId('story-body');
  const heading = byId('story-heading');
  let shown;
  let ended = false;

  const idInAddress = () => /^#\/calls\/(.+)$/.exec(location.hash)?.[1];

  async function show(id) {
    if (shown !== id) {
      shown = id;
      ended = false;
      heading.replaceChildren('Call');
      body.replaceChildren(el('p', { class: 'empty', text: 'Reading the log…' }));
    }
    if (!dialog.open) dialog.showModal();
    try {
      const story = await get(`/calls/${id}`);
      if (shown !== id) return;
      ended = OUTCOMES.has(story.state);
      render(story);
    } catch (error) {
      if (shown === id) body.replaceChildren(el('p', { class: 'notice', text: error.message }));
    }
  }

  function render(story) {
    const { label, tone } = callState(story);
    heading.replaceChildren(
      el('span', {}, ...toolName(story)),
      el('span', { class: 'badge', 'data-tone': tone, text: label }),
    );
    replaceChildren(body, [
      ...[problemOf(story), facts(story), timeline(story)].filter(Boolean),
      el('section', {}, ...payload('Arguments', story.arguments)),
      ...('result' in story ? [el('section', {}, ...result(story.result))] : []),
      rawEvents(story),
    ]);
  }

  function follow() {
    const id = idInAddress();
    if (id) return void show(id);
    shown = undefined;
    if (dialog.open) dialog.close();
  }

  dialog.addEventListener('close', () => {
    if (!idInAddress()) return;
    const row = document.querySelector(`#calls [href="${CSS.escape(location.hash)}"]`);
    history.pushState(null, '', location.pathname);
    shown = undefined;
    row?.focus();
  });
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  byId('story-close').addEventListener('click', () => dialog.close());
  addEventListener('hashchange', follow);
  addEventListener('popstate', follow);
  follow();

  return {
    /** Reads the call again when one of its events has come. */
    onEvent(callId) {
      if (callId !== undefined && shown === encodeURIComponent(callId) && !ended) void show(shown);
    },
    refresh: follow,
  };
}

function problemOf(story) {
  const text = story.error ? `${story.error.message} (${story.error.code})` : story.reason;
  return text ? el('p', { class: 'notice', text }) : null;
}

function facts(story) {
  const { request = {}, times } = story;
  const client = request.client && `${request.client.name} ${request.client.version}`;
  const entries = [
    ['Waited', times.waitingMs !== undefined && duration(times.waitingMs)],
    ['Ran', times.runningMs !== undefined && duration(times.runningMs)],
    ['Attempts', story.attempts.length || false],
    ['Principal', story.principal],
    ['Called as', story.calledAs, true],
    ['Client', client],
    ['Safety class', request.safetyClass],
    ['Deadline', request.deadline && time(request.deadline)],
    ['Call id', story.id, true],
    ['Trace id', story.traceId, true],
    ['Tool definition', request.definitionHash && `${request.definitionHash.slice(0, 16)}…`, true],
    ['Executor', story.attempts.at(-1)?.executor],
  ];
  return el(
    'dl',
    { class: 'facts' },
    ...entries
      .filter(([, value]) => value)
      .map(([name, value, mono]) =>
        el('div', {}, el('dt', { text: name }), el('dd', { text: value, class: mono && 'mono' })),
      ),
  );
}

function result(value) {
  const texts = Array.isArray(value?.content)
    ? value.content.filter((item) => item?.type === 'text').map((item) => item.text)
    : [];
  if (texts.length === 0 || texts.length !== value.content.length) return payload('Result', value);
  return [
    ...payload('Result', texts.join('\n\n')),
    el(
      'details',
      { class: 'raw payload', id: 'result-json' },
      el('summary', { text: 'Result as JSON' }),
      el('pre', { tabindex: '0', text: json(value) }),
    ),
  ];
}

function payload(title, value) {
  if (value?.$blob && value.href) {
    const size = bytes(value.$blob.bytes);
    const text = value.missing ? `The payload (${size}) is not in the blob store.` : `Open the payload (${size})`;
    const content = value.missing ? el('p', { class: 'notice', text }) : el('a', { href: value.href, text });
    return [el('h3', { text: title }), content];
  }
  const text = typeof value === 'string' ? value : json(value);
  const name = title.toLowerCase();
  const copy = el('button', { id: `copy-${name}`, type: 'button', text: 'Copy', 'aria-label': `Copy ${name}` });
  copy.addEventListener('click', async () => {
    await navigator.clipboard?.writeText(text).then(
      () => (copy.textContent = 'Copied'),
      () => (copy.textContent = 'Not allowed here'),
    );
    setTimeout(() => (copy.textContent = 'Copy'), 1_500);
  });
  return [
    el('div', { class: 'payload-head' }, el('h3', { text: title }), copy),
    el('pre', { tabindex: '0', 'aria-label': title, text: text || 'none' }),
  ];
}

function rawEvents({ events, truncated }) {
  const note = truncated ? ' (the first and the last ones)' : '';
  const list = el('ol', {}, ...events.map((event) => el('li', {}, el('pre', { tabindex: '0', text: json(event) }))));
  return el(
    'details',
    { class: 'raw', id: 'raw-events' },
    el('summary', { text: `Events: ${events.length}${note}` }),
    list,
  );
}
