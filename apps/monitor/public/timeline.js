import { el } from './dom.js';
import { callState, duration, time } from './format.js';

/** A call's steps to scale: one row of waiting and one of running per attempt. */
export function timeline(story) {
  const requested = Date.parse(story.times.requested ?? story.attempts[0]?.startedAt ?? story.attempts[0]?.finishedAt);
  const spans = spansOf(story, requested);
  const end = Math.max(...spans.map(({ to }) => to), 0.001);
  const percent = (ms) => `${Math.min(100, Math.max(0, (ms / end) * 100))}%`;
  const rows = spans.flatMap(({ label, from, to, tone, ticks = [], open }) => {
    const bar = el('span', { class: 'bar', 'data-tone': tone });
    bar.style.left = percent(from);
    bar.style.width = percent(to - from);
    const marks = ticks.map((at) => {
      const mark = el('span', { class: 'tick' });
      mark.style.left = percent(at);
      return mark;
    });
    const length = `${duration(to - from)}${open ? ' so far' : ''}`;
    return [
      el('span', { class: 'timeline-label', text: label }),
      el('span', { class: 'track', role: 'img', 'aria-label': `${label} for ${length}` }, bar, ...marks),
      el('span', { class: 'timeline-time', text: length }),
    ];
  });
  return el(
    'section',
    {},
    el('h3', { text: 'Timeline' }),
    el('div', { class: 'timeline' }, ...rows),
    steps(story, requested),
  );
}

function spansOf(story, requested) {
  const several = story.attempts.length > 1;
  const spans = [];
  let waitedFrom = 0;
  for (const attempt of story.attempts) {
    const suffix = several ? ` ${attempt.attempt}` : '';
    const ended = attempt.finishedAt === undefined ? undefined : Date.parse(attempt.finishedAt) - requested;
    if (attempt.startedAt === undefined) {
      spans.push({
        label: `Waiting${suffix}`,
        from: waitedFrom,
        to: ended ?? Date.now() - requested,
        tone: toneOf(story, attempt),
      });
      continue;
    }
    // the log's times are whole milliseconds: what was measured is closer
    const start = several ? Math.max(waitedFrom, Date.parse(attempt.startedAt) - requested) : (attempt.waitedMs ?? 0);
    const to = attempt.durationMs === undefined ? Math.max(start, Date.now() - requested) : start + attempt.durationMs;
    const ticks = attempt.progress.map((step) => Math.min(to, Math.max(start, Date.parse(step.time) - requested)));
    spans.push({ label: `Waiting${suffix}`, from: waitedFrom, to: start });
    spans.push({
      label: `Running${suffix}`,
      from: start,
      to,
      ticks,
      tone: toneOf(story, attempt),
      open: ended === undefined,
    });
    waitedFrom = to;
  }
  if (spans.length === 0)
    spans.push({ label: 'Waiting', from: 0, to: Math.max(0, Date.now() - requested), tone: 'busy', open: true });
  return spans;
}

const toneOf = (story, { state, attempt }) =>
  callState({ state, isError: attempt === story.attempts.at(-1)?.attempt && story.isError }).tone;

function steps(story, requested) {
  const found = [];
  const step = (at, name, text) => at && found.push({ at, name, text });
  step(
    story.times.requested,
    'Requested',
    story.principal && `by ${story.principal}${story.request?.via ? `, over ${story.request.via.toUpperCase()}` : ''}`,
  );
  for (const attempt of story.attempts) {
    const which = story.attempts.length > 1 ? `, attempt ${attempt.attempt}` : '';
    step(attempt.startedAt, 'Started', `on ${attempt.executor}${which}`);
    for (const { time: at, progress, total, message } of attempt.progress) {
      step(at, 'Progress', `${progress}${total === undefined ? '' : ` of ${total}`}${message ? `, ${message}` : ''}`);
    }
    const { label } = callState({
      state: attempt.state,
      isError: attempt.attempt === story.attempts.at(-1).attempt && story.isError,
    });
    step(attempt.finishedAt, label, `after ${duration(attempt.durationMs)}${which}`);
  }
  return el(
    'ol',
    { class: 'steps', 'aria-label': 'Steps' },
    ...found.map(({ at, name, text }) =>
      el(
        'li',
        {},
        el('time', { datetime: at, title: at, text: time(at) }),
        el('span', { class: 'since', text: `+${duration(Math.max(0, Date.parse(at) - requested))}` }),
        el('span', {}, el('b', { text: name }), text ? ` ${text}` : ''),
      ),
    ),
  );
}
