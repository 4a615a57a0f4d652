import { runSignalbox, toolsOf } from '@signalbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  appendAttempt,
  appendServerEvent,
  completeCall,
  requestCall,
  startMonitor,
  type TestMonitor,
} from '../../apps/monitor/test/harness.js';
import { hasChromium, openBrowser, type Browser } from './support/browser.js';

const HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';

describe.skipIf(!hasChromium())('the page of the monitor, in Chromium', () => {
  let monitor: TestMonitor;
  let browser: Browser;

  beforeAll(async () => {
    monitor = await startMonitor();
    browser = await openBrowser();
  });
  beforeEach(async () => {
    browser.complaints.length = 0;
    await browser.page.goto(monitor.url);
    await browser.page.waitForSelector('#connection[data-state="live"]');
  });
  afterAll(async () => {
    await browser?.close();
    await monitor?.stop();
  });

  it('loads without complaints, and says what is empty', async () => {
    const { page, complaints } = browser;
    await page.waitForSelector('#services .badge');
    expect(await page.textContent('#services')).toContain('monitor-1 on 127.0.0.1:');
    expect(await page.textContent('#calls-empty')).toContain('No tool has been called yet');
    expect(await page.textContent('#servers')).toContain('No MCP server is configured');
    expect(complaints).toEqual([]);
  });

  it('shows an event and a call as soon as they are in the log', async () => {
    const { page, complaints } = browser;
    const call = await requestCall(monitor.ports);
    const row = page.locator(`#calls tr[data-call="${call.callId}"]`);
    await page.locator('#events .event-type', { hasText: 'tool.call.requested' }).first().waitFor();
    await row.getByText('Waiting').waitFor();
    await appendAttempt(monitor.ports, call, 'started', {
      server: 'files',
      tool: 'read_file',
      executor: 'tool-executor-1',
      waitedMs: 2,
    });
    await row.getByText('Running').waitFor();
    await appendAttempt(monitor.ports, call, 'completed', { result: {}, isError: false, durationMs: 41.5 });
    await row.getByText('Completed').waitFor();
    expect(await row.textContent()).toContain('42 ms');
    expect(complaints).toEqual([]);
  });

  it('opens a call with its timeline, follows it while it runs, and closes with Escape', async () => {
    const { page, complaints } = browser;
    const call = await requestCall(monitor.ports, { tool: 'slow', principal: 'ada' });
    await appendAttempt(monitor.ports, call, 'started', {
      server: 'files',
      tool: 'slow',
      executor: 'e-1',
      waitedMs: 5,
    });
    await appendAttempt(monitor.ports, call, 'progressed', { progress: 1, total: 2, message: 'half of it' });
    await page.locator(`#calls tr[data-call="${call.callId}"]`).click();
    const story = page.getByRole('dialog');
    await story.locator('.steps').getByText('half of it').waitFor();
    expect(page.url()).toMatch(`#/calls/${call.callId}`);
    expect(await story.locator('.timeline-label').allTextContents()).toEqual(['Waiting', 'Running']);
    expect(await story.locator('.tick').count()).toBe(1);
    expect(await story.locator('h2').textContent()).toContain('Running');

    const result = { content: [{ type: 'text', text: 'all of it' }] };
    await appendAttempt(monitor.ports, call, 'completed', { result, isError: false, durationMs: 250 });
    await story.locator('h2', { hasText: 'Completed' }).waitFor();
    await story.locator('pre[aria-label=Result]').getByText('all of it').waitFor();
    expect(await story.locator('.steps b').allTextContents()).toEqual([
      'Requested',
      'Started',
      'Progress',
      'Completed',
    ]);
    const facts = await story.locator('.facts').textContent();
    expect(facts).toContain(call.traceparent.split('-')[1]);
    expect(facts).toContain('ada');

    await page.keyboard.press('Escape');
    await story.waitFor({ state: 'hidden' });
    await page.waitForFunction(() => location.hash === '');
    expect(complaints).toEqual([]);
  });

  it('opens a call by its address, and with the keyboard', async () => {
    const { page } = browser;
    const { callId } = await completeCall(monitor.ports, { tool: 'by_address' });
    await page.goto(`${monitor.url}/#/calls/${callId}`);
    await page.reload();
    await page.getByRole('dialog').getByText('by_address', { exact: true }).first().waitFor();
    await page.keyboard.press('Escape');
    const link = page.locator(`#calls [href="#/calls/${callId}"]`);
    await link.focus();
    const another = await completeCall(monitor.ports);
    await page.locator(`#calls tr[data-call="${another.callId}"]`).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id), 'focus survives a refresh').toBe(`call-${callId}`);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('by_address', { exact: true }).first().waitFor();
  });

  it('shows what tools say as text', async () => {
    const { page, complaints } = browser;
    await appendServerEvent(monitor.ports, 'catalogue.changed', {
      server: 'hostile',
      tools: [{ name: HOSTILE, description: HOSTILE }],
      prompts: [],
      resources: [],
      resourceTemplates: [],
      definitionHashes: {},
    });
    const call = await completeCall(
      monitor.ports,
      { server: 'hostile', tool: HOSTILE, arguments: { [HOSTILE]: HOSTILE }, principal: HOSTILE },
      { result: { content: [{ type: 'text', text: HOSTILE }] } },
    );
    await page.locator('#servers summary', { hasText: '1 tool' }).click();
    await page.locator(`#calls tr[data-call="${call.callId}"] a`).click();
    await page.getByRole('dialog').locator('pre', { hasText: 'onerror' }).first().waitFor();
    expect(await page.title()).toBe('Signalbox monitor');
    expect(await page.locator('main img, dialog img, main script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('filters calls, and holds the events still', async () => {
    const { page } = browser;
    await completeCall(monitor.ports, { tool: 'fails' }, { isError: true });
    await page.locator('#calls').getByText('Tool error').first().waitFor();
    await page.selectOption('#call-filters [name=state]', 'isError=true');
    await page.waitForFunction(() => document.querySelectorAll('#calls tr').length === 1);
    expect(await page.textContent('#calls')).toContain('fails');

    await page.click('#pause');
    const before = await page.locator('#events > li').count();
    await requestCall(monitor.ports);
    await page.getByRole('button', { name: 'Resume (1 new)' }).click();
    await page.waitForFunction((count) => document.querySelectorAll('#events > li').length === count + 1, before);
  });

  it('verifies the log', async () => {
    const { page } = browser;
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/Intact: all \d+ partitions/).waitFor();
  });
});

describe.skipIf(!hasChromium())('the page of a monitor that goes away', () => {
  it('says so, and goes on by itself when it is back', async () => {
    const first = await startMonitor();
    const browser = await openBrowser({ width: 390, height: 800 });
    let second: TestMonitor | undefined;
    try {
      const { page } = browser;
      await page.goto(first.url);
      await page.waitForSelector('#connection[data-state="live"]');
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, 'nothing is wider than a phone').toBeLessThanOrEqual(390);
      await first.stop();
      await page.getByRole('alert').getByText('The monitor does not answer').waitFor();
      second = await startMonitor({ port: Number(new URL(first.url).port) });
      await page.waitForSelector('#connection[data-state="live"]');
      const call = await requestCall(second.ports);
      await page.locator(`#calls tr[data-call="${call.callId}"]`).waitFor();
      expect(await page.getByRole('alert').isVisible()).toBe(false);
    } finally {
      await browser.close();
      await first.stop();
      await second?.stop();
    }
  });
});

describe.skipIf(!hasChromium())('the page beside the whole product', () => {
  it('shows the five services, the servers, and a call through the gateway with its progress', async () => {
    await using signalbox = await runSignalbox();
    await toolsOf(signalbox, 'everything');
    const browser = await openBrowser();
    try {
      const { page, complaints } = browser;
      await page.goto(signalbox.monitor);
      await page.waitForSelector('#connection[data-state="live"]');
      await page.getByText('5 of 5', { exact: true }).waitFor();
      await page.locator('#servers .row-line', { hasText: 'everything' }).getByText('Running').waitFor();
      const answered = await fetch(`${signalbox.gateway}/tools/everything__get-sum/call`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ a: 2, b: 40 }),
      });
      const { callId } = (await answered.json()) as { callId: string };
      await page.locator(`#calls tr[data-call="${callId}"]`).getByText('Completed').waitFor();
      await page.locator(`#call-${callId}`).click();
      await page.getByRole('dialog').locator('pre[aria-label=Result]').getByText('is 42').waitFor();
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
