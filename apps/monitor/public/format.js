const number = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

export const count = (value) => number.format(value);

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** Time of day; with the day when it is another one. */
export function time(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`;
}

/** @param {number | undefined} ms */
export function duration(ms) {
  if (ms === undefined || ms === null) return '–';
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  return value < 1024 * 1024 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1024 / 1024).toFixed(1)} MiB`;
}

export const json = (value) => JSON.stringify(value, null, 2) ?? '';

/** @type {Record<string, [string, string]>} state → label and tone */
const STATES = {
  requested: ['Waiting', 'warn'],
  running: ['Running', 'busy'],
  completed: ['Completed', 'good'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'warn'],
  expired: ['Expired', 'bad'],
  outcome_unknown: ['Outcome unknown', 'bad'],
};

/** Label and tone of a call's state. */
export function callState({ state, isError }) {
  if (state === 'completed' && isError) return { label: 'Tool error', tone: 'bad' };
  const [label, tone] = STATES[state] ?? [state, ''];
  return { label, tone };
}
