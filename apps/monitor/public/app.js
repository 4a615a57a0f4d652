import { get } from './api.js';
import { callsView } from './calls-view.js';
import { byId } from './dom.js';
import { callOf } from './event-text.js';
import { eventsView } from './events-view.js';
import { LiveEvents } from './live.js';
import { overviewView } from './overview-view.js';
import { storyView } from './story-view.js';

const OVERVIEW_MS = 5_000;
const RETRY_MS = 2_000;
const PATIENCE_MS = 1_200;

const connection = byId('connection');
const banner = byId('banner');
let lostTimer;

function showConnection(state) {
  if (state === 'live') {
    clearTimeout(lostTimer);
    lostTimer = undefined;
    connection.dataset.state = 'live';
    connection.textContent = 'Live';
    banner.hidden = true;
    return;
  }
  // a reconnection that succeeds at once is not worth an alarm
  lostTimer ??= setTimeout(() => {
    connection.dataset.state = 'lost';
    connection.textContent = 'Reconnecting';
    banner.textContent =
      'The monitor does not answer. What you see may be out of date; the page goes on by itself when it is back.';
    banner.hidden = false;
  }, PATIENCE_MS);
}

const overview = overviewView();
const calls = callsView();
const story = storyView();

async function readOverview() {
  const answer = await get('/api/overview');
  overview.show(answer);
  calls.offerServers(answer.servers.map(({ name }) => name));
  return answer;
}

async function firstOverview() {
  for (;;) {
    try {
      return await readOverview();
    } catch {
      showConnection('lost');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

const { eventTypes } = await firstOverview();
const live = new LiveEvents(eventTypes);
let wasLost = false;

live.addEventListener('state', ({ detail }) => {
  showConnection(detail);
  if (detail === 'live' && wasLost) {
    void readOverview().catch(() => undefined);
    void calls.refresh();
    story.refresh();
  }
  wasLost = detail !== 'live';
});
live.addEventListener('event', ({ detail }) => {
  const callId = callOf(detail);
  if (callId === undefined) void overviewSoon();
  else void calls.refresh();
  story.onEvent(callId);
});

let overviewDue = false;
async function overviewSoon() {
  if (overviewDue) return;
  overviewDue = true;
  await new Promise((resolve) => setTimeout(resolve, 300));
  overviewDue = false;
  await readOverview().catch(() => undefined);
}

eventsView(live).open();
void calls.refresh();
setInterval(() => {
  if (!document.hidden) void readOverview().catch(() => undefined);
}, OVERVIEW_MS);
