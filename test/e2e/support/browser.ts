import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const CANDIDATES = [
  process.env['SIGNALBOX_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** False where there is no Chromium; in CI that is an error instead of a skipped test. */
export function hasChromium(): boolean {
  if (executablePath !== undefined) return true;
  const what = `no Chromium found; looked at ${CANDIDATES.filter(Boolean).join(', ')}; SIGNALBOX_TEST_CHROMIUM names another`;
  if (process.env['CI']) throw new Error(what);
  console.warn(`BROWSER TESTS ARE SKIPPED: ${what}`);
  return false;
}

export interface Browser {
  readonly page: Page;
  /** What the pages have complained about: errors, failed requests, violations of the content security policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** A headless Chromium with a profile of its own. */
export async function openBrowser(viewport = { width: 1280, height: 900 }): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'signalbox-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    ...(executablePath === undefined ? {} : { executablePath }),
    headless: true,
    args: FLAGS.split(' '),
    viewport,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return {
    page,
    complaints,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
