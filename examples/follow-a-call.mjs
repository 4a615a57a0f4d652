import assert from 'node:assert/strict';

const portBase = Number(process.env.SIGNALBOX_PORT_BASE ?? 3000);
const gateway = `http://127.0.0.1:${portBase}`;
const monitor = `http://127.0.0.1:${portBase + 4}`;

async function json(url, init) {
  const response = await fetch(url, init);
  assert(response.ok, `${url} answered ${response.status}: ${await response.clone().text()}`);
  return response.json();
}

const { callId, result } = await json(`${gateway}/tools/everything__get-sum/call`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ arguments: { a: 2, b: 40 } }),
});
assert.match(result.content[0].text, /42/);
console.log(`call ${callId}: ${result.content[0].text}`);

// who reads the log may be a moment behind who writes it
async function until(read, done) {
  for (let patience = 100; patience > 0; patience--) {
    const found = await read();
    if (done(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('not in time');
}

// all events of a call carry its id as correlation
const { events } = await until(
  () => json(`${monitor}/events?correlation=${callId}`),
  (page) => page.events.some(({ type }) => type === 'tool.call.completed'),
);
for (const { time, type, source } of events) console.log(`  ${time} ${type} (${source})`);
assert.deepEqual(
  events.map(({ type }) => type).filter((type) => type.startsWith('tool.call.')),
  ['tool.call.requested', 'tool.call.started', 'tool.call.completed'],
);

const story = await until(
  () => json(`${monitor}/calls/${callId}`),
  ({ state }) => state === 'completed',
);
console.log(`story: waited ${story.times.waitingMs} ms, ran ${story.times.runningMs} ms, trace ${story.traceId}`);

const audit = await json(`${monitor}/audit/verify`);
assert.equal(audit.ok, true);
console.log(`log verified: ${audit.partitions.map(({ partition, head }) => `${partition} at ${head}`).join(', ')}`);
