import { createEmbeddedPorts } from '@signalbox/adapter-embedded';
import { createEvent, newId, type NewEvent } from '@signalbox/contracts';
import type { PortSet } from '@signalbox/ports';
import { freePort, waitFor } from '@signalbox/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registryForTest, type RegistryOptions, type RunningForTest } from '../../../test/running-service.js';
import { receiverForTest, SECRET } from '../../../test/webhook-receiver.js';
import type { NotificationAnswer } from './notification-answers.js';

const PATIENT = { timeoutMs: 30_000, intervalMs: 20 };
const QUICK = { minBackoffMs: 20, maxBackoffMs: 50 };

const hook = (url: string, more: object = {}) => ({ type: 'webhook', url, secret: SECRET, ...QUICK, ...more });
const failed = (server: string, error = 'exited with code 1') =>
  createEvent('server.failed', { server, executor: 'tool-executor-1', error, attempt: 1, retryInMs: 100 });

/** What an executor writes. */
const tell = (ports: PortSet, server: string, ...events: NewEvent[]) =>
  ports.events.append({
    stream: `upstream-${server}`,
    expectedVersion: 'any',
    events,
    commitId: newId(),
    metadata: { actor: 'tool-executor-1', correlationId: 'c' },
  });

async function notifying(notifications: object, options: RegistryOptions = {}) {
  const running = await registryForTest({ ...options, sections: { notifications } });
  // from the end of the log on: only what comes now is news
  await waitFor(
    async () => (await running.ports.readModels.get('notification_state', 'notifications')) && true,
    PATIENT,
  );
  return { ...running, ...asking(running) };
}

function asking({ http }: RunningForTest) {
  const shown = async (query = ''): Promise<NotificationAnswer[]> =>
    (await http.get(`/notifications${query}`).expect(200)).body.data;
  const until = (holds: (shown: NotificationAnswer[]) => unknown, query = '') =>
    waitFor(async () => {
      const now = await shown(query);
      return holds(now) ? now : undefined;
    }, PATIENT);
  return { shown, until };
}

async function sharedPorts(): Promise<PortSet> {
  const ports = await createEmbeddedPorts({ dataDir: ':memory:' });
  onTestFinished(() => ports.close());
  return ports;
}

describe('a webhook', () => {
  it('is signed, tried again with the same id until it is taken, and all of it is in the log', async () => {
    const { url, received } = await receiverForTest((count) => (count <= 2 ? 500 : 204));
    const { ports, until } = await notifying({
      channels: { ops: hook(url) },
      rules: [{ name: 'ill', on: ['server.failed'], channels: ['ops', 'event'] }],
    });
    await tell(ports, 'files', failed('files'), failed('other'));
    await until((all) => all.length === 2 && all.every(({ deliveries }) => deliveries['ops']?.state === 'sent'));
    const { items } = await ports.events.find({ type: 'notification.#' });
    const types = items.map(({ event }) => event.type);
    expect(types.filter((type) => type === 'notification.raised')).toHaveLength(2);
    expect(types.filter((type) => type === 'notification.sent')).toHaveLength(4);
    expect(received).toHaveLength(4);
    const byId = Map.groupBy(received, ({ headers }) => String(headers['webhook-id']));
    expect(byId.size).toBe(2);
    for (const tries of byId.values()) expect(new Set(tries.map(({ text }) => text)).size).toBe(1);
    for (const one of received) {
      expect(one.verified()).toMatchObject({
        type: 'server.failed',
        data: { severity: 'critical', rule: 'ill', facts: { error: 'exited with code 1' } },
      });
      expect(() => one.verified(`whsec_${Buffer.alloc(32, 8).toString('base64')}`)).toThrow(/signature/);
    }
    const texts = received.map(({ verified }) => (verified() as { data: { text: string } }).data.text);
    expect(texts).toContain('server files has failed: exited with code 1; it is started again');
  });

  it('that hangs holds up neither another channel nor for ever', async () => {
    const hanging = await receiverForTest(() => 0);
    const well = await receiverForTest();
    const { ports, until } = await notifying({
      channels: {
        silent: hook(hanging.url, { timeoutMs: 120_000, parallel: 1 }),
        slow: hook(hanging.url, { timeoutMs: 200, maxAttempts: 2 }),
        ops: hook(well.url),
      },
      rules: [{ on: ['server.#'], channels: ['silent', 'slow', 'ops'], quietMs: 0 }],
    });
    await tell(ports, 'files', failed('files'));
    await until((all) => all[0]?.deliveries['ops']?.state === 'sent');
    const [one] = await until((all) => all[0]?.deliveries['slow']?.state === 'failed');
    expect(one!.deliveries).toMatchObject({
      silent: { state: 'owed', attempts: 1 },
      slow: { attempts: 2, reason: 'no answer within 200 ms' },
    });
    expect(well.received).toHaveLength(1);
  });

  it('is not followed elsewhere, and given up when the receiver says that it is gone', async () => {
    const moved = await receiverForTest(() => 307);
    const gone = await receiverForTest(() => 410);
    const { ports, until } = await notifying({
      channels: { moved: hook(moved.url, { maxAttempts: 2 }), gone: hook(gone.url) },
      rules: [{ on: ['server.failed'], channels: ['moved', 'gone'] }],
    });
    await tell(ports, 'files', failed('files'));
    const [one] = await until(
      (all) => Object.values(all[0]?.deliveries ?? {}).every(({ state }) => state === 'failed') && all[0],
    );
    expect(one!.deliveries).toMatchObject({
      moved: { attempts: 2, reason: 'answered 307; redirects are not followed' },
      gone: { attempts: 1, reason: 'answered 410' },
    });
    expect(moved.received).toHaveLength(2);
  });

  it('that is down while the registry starts over is sent then, once, with the id that it had', async () => {
    const ports = await sharedPorts();
    const port = await freePort();
    const settings = {
      channels: { ops: hook(`http://127.0.0.1:${port}/hook`, { maxAttempts: 100 }) },
      rules: [{ on: ['server.failed'], channels: ['ops'] }],
    };
    const first = await notifying(settings, { ports });
    await tell(ports, 'files', failed('files'));
    const [before] = await first.until((all) => all[0]?.deliveries['ops']?.error);
    expect(before!.deliveries['ops']).toMatchObject({ state: 'owed', error: expect.stringContaining('ECONNREFUSED') });
    await first.service.stop();
    // while nobody looks
    await tell(ports, 'other', failed('other'));

    const { received } = await receiverForTest(undefined, port);
    const second = await notifying(settings, { ports, instanceId: 'registry-2' });
    await second.until((all) => all.length === 2 && all.every(({ deliveries }) => deliveries['ops']?.state === 'sent'));
    expect(received.map(({ headers }) => headers['webhook-id']).sort()).toEqual(
      (await second.shown()).map(({ notification }) => notification).sort(),
    );
    expect(received.map(({ headers }) => headers['webhook-id'])).toContain(before!.notification);
    await second.service.stop();
    const third = await notifying(settings, { ports, instanceId: 'registry-3' });
    await third.until((all) => all.length === 2);
    await tell(ports, 'third', failed('third'));
    await third.until((all) => all.length === 3 && all[0]!.deliveries['ops']?.state === 'sent');
    expect(received).toHaveLength(3);
  });

  it('may be kept to public addresses', async () => {
    const { url, received } = await receiverForTest();
    const { http } = await notifying({
      channels: {
        ops: hook(url, { allowPrivate: false }),
        named: hook(url.replace('127.0.0.1', 'localhost'), { allowPrivate: false }),
      },
      rules: [{ on: ['server.failed'], channels: ['ops'] }],
    });
    for (const channel of ['ops', 'named']) {
      const { body } = await http.post('/notifications/test').send({ channel }).expect(200);
      expect(body.data).toMatchObject({ taken: false, error: expect.stringContaining('is no public address') });
    }
    expect(received).toHaveLength(0);
  });
});

describe('what happens again and again', () => {
  it('is told once, and at the end of the quiet time how often it was', async () => {
    const { ports, until } = await notifying({
      rules: [{ on: ['server.failed'], channels: ['log'] }],
      quietMs: 1_500,
    });
    await tell(ports, 'files', ...Array.from({ length: 5 }, () => failed('files')), failed('other'));
    const all = await until((shown) => shown.length >= 3 && shown);
    const counts = all.map(({ subject, count }) => `${subject} ${count}`).sort();
    expect(counts).toEqual(['server files 1', 'server files 4', 'server other 1']);
    expect(all.find(({ count }) => count === 4)!.text).toMatch(/\(4 times since .*Z\)$/);
  });
});

describe('several registries', () => {
  it('have one that tells; another one goes on when it ends', async () => {
    const { url, received } = await receiverForTest();
    const ports = await sharedPorts();
    const settings = {
      channels: { ops: hook(url) },
      rules: [{ on: ['server.failed'], channels: ['ops'], quietMs: 0 }],
    };
    const first = await notifying(settings, { ports });
    const second = await notifying(settings, { ports, instanceId: 'registry-2' });
    const leader = async () => (await second.http.get('/notifications/channels').expect(200)).body.data.leader;
    expect(await waitFor(leader, PATIENT)).toBe('registry-1');
    await tell(ports, 'files', failed('files'));
    // both know it
    await second.until((all) => all[0]?.deliveries['ops']?.state === 'sent');
    await first.service.stop();
    await waitFor(async () => (await leader()) === 'registry-2', PATIENT);
    await tell(ports, 'files', failed('files'));
    await second.until((all) => all.length === 2 && all[0]!.deliveries['ops']?.state === 'sent');
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    expect(received).toHaveLength(2);
  });
});

describe('/notifications', () => {
  it('is asked by state, channel, topic, server and severity', async () => {
    const { ports, http, shown, until } = await notifying({
      rules: [{ on: ['server.*'], severity: 'warning', channels: ['log'] }],
      templates: { 'server.failed': 'OH: {{server}}' },
    });
    const degraded = createEvent('server.state_changed', {
      server: 'web',
      executor: 'e',
      from: 'running',
      to: 'degraded',
      reason: 'slow',
    });
    await tell(ports, 'files', failed('files'), degraded);
    await until((all) => all.length === 2 && all.every(({ deliveries }) => deliveries['log']?.state === 'sent'));
    expect(await shown('?severity=critical')).toMatchObject([{ topic: 'server.failed', text: 'OH: files' }]);
    expect(await shown('?server=web&channel=log&state=sent')).toMatchObject([{ topic: 'server.degraded' }]);
    expect(await shown('?state=owed')).toEqual([]);
    expect((await http.get('/notifications?channel=pager').expect(404)).body.detail).toBe(
      'no channel is called pager; there are: log, event',
    );
    expect((await http.get('/notifications?limit=0').expect(400)).body.detail).toContain('limit');
    const { body } = await http.get('/notifications/channels').expect(200);
    expect(body.data.channels).toEqual([
      { name: 'log', type: 'log', owed: 0 },
      { name: 'event', type: 'event', owed: 0 },
    ]);
  });

  it('tests a channel by hand, which leaves nothing in the log', async () => {
    const { url, received } = await receiverForTest();
    const { http, shown } = await notifying({
      channels: { chat: hook(url, { body: '{"text": {{json text}} }', headers: { 'x-key': 'k' } }) },
      rules: [{ on: ['server.failed'], channels: ['chat'] }],
    });
    const { body } = await http.post('/notifications/test').send({ channel: 'chat', text: 'a "test"' }).expect(200);
    expect(body.data).toMatchObject({ channel: 'chat', taken: true, answer: '204' });
    expect(received[0]!.verified()).toEqual({ text: 'a "test"' });
    expect(received[0]!.headers['x-key']).toBe('k');
    await http.post('/notifications/test').send({ channel: 'nobody' }).expect(404);
    expect(await shown()).toEqual([]);
  });
});
