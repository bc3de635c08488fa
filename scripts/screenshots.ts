import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium as playwright, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import type { Machine, Overview } from '../contract/http.ts';
import { chromium } from '../test/services/requireService.ts';
import { packageRoot } from './packageRoot.ts';
import { PlainError, plainText } from './plainError.ts';

/**
 * Makes the pictures of the documents, docs/images/*.png, from the demo as it runs: starts it in a folder of its own, lets it learn for
 * nearly two hours of the plant, wears the filler's bearing and takes the pictures when the case is open.
 *
 *   npm run screenshots [-- --url http://127.0.0.1:1880]      --url: a demo that runs already and shows a case
 */

const folder = path.join(packageRoot, 'docs/images');
/** A README with larger pictures is slow to open. */
const largestBytes = 200_000;
/** Every product has been made by then, the third for a while: its band is its own. */
const learningPlantMs = 106 * 60_000;
const patienceMs = 5 * 60_000;

/** What the pages are asked from here; they run in the browser. */
declare const document: { querySelector(selector: string): { click(): void; scrollLeft: number; scrollTop: number } | null };
declare const localStorage: { setItem(key: string, value: string): void };
declare const RED: {
  nodes: { node(id: string): { _def: { category: string }; type: string } };
  editor: { edit(node: unknown): void; editConfig(name: string, type: string, id: string): void };
  sidebar: { show(name: string): void };
  view: { scale(): number };
  actions: { invoke(name: string): void };
};

async function startDemo(): Promise<{ url: string; stop: () => Promise<void> }> {
  const data = mkdtempSync(path.join(os.tmpdir(), 'twinwire-pictures-'));
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(packageRoot, 'scripts/start.ts')], {
    env: { ...process.env, TWINWIRE_DATA: data, TWINWIRE_MQTT: '', TWINWIRE_INFLUXDB: '', PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new PlainError('The demo did not start.')));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /Editor\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
  }).catch(async (problem: unknown) => {
    await stop();
    throw problem;
  });
  return { url, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function machinesOf(url: string): Promise<{ nowMs: number; machines: Machine[] } | undefined> {
  const answer = await fetch(`${url}/twin/api/overview`);
  const overview = answer.ok ? ((await answer.json()) as Overview) : undefined;
  return overview?.sites[0];
}

async function until(url: string, what: string, holds: (of: { nowMs: number; machines: Machine[] }) => boolean): Promise<void> {
  console.log(`Waiting for ${what} …`);
  const end = Date.now() + patienceMs;
  for (;;) {
    const site = await machinesOf(url);
    if (site !== undefined && holds(site)) return;
    if (Date.now() > end) throw new PlainError(`Waited five minutes in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const worn = ({ machines }: { machines: Machine[] }): boolean =>
  machines.some(({ key, state, openCase }) => key === 'filler' && state === 'producing' && openCase?.signals.some(({ property }) => property === 'vibration') === true);

async function take(browser: Browser, name: string, options: BrowserContextOptions, view: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  try {
    await context.addInitScript((theme) => {
      localStorage.setItem('view-dark-theme', theme);
      localStorage.setItem('editor-language', 'en-US');
    }, options.colorScheme === 'dark' ? 'dark' : 'light');
    const page = await context.newPage();
    await view(page);
    const file = path.join(folder, `${name}.png`);
    await page.screenshot({ path: file, animations: 'disabled' });
    const { size } = statSync(file);
    console.log(`${path.relative(packageRoot, file)}   ${Math.round(size / 1000)} KB`);
    if (size > largestBytes) throw new PlainError(`${name}.png is larger than ${largestBytes / 1000} KB.`);
  } finally {
    await context.close();
  }
}

async function openEditor(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector('#red-ui-header-button-deploy') !== null && document.querySelector('.red-ui-flow-node') !== null);
  await page.waitForTimeout(2_000);
  await page.evaluate(() => RED.actions.invoke('core:toggle-show-tips'));
}

async function takeAll(browser: Browser, url: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const wide = { viewport: { width: 1280, height: 860 } };
  const showPage = async (page: Page): Promise<void> => {
    await page.goto(`${url}/twin`);
    await page.waitForFunction(() => document.querySelector('twin-page') !== null);
    // Some values arrive, so that it is a page in use; and no machine stands, so that there is something to see.
    await page.waitForTimeout(2_000);
    await until(url, 'all machines to run', ({ machines }) => machines.every(({ condition }) => condition !== 'off'));
    await page.waitForTimeout(1_000);
  };
  await take(browser, 'page-light', wide, showPage);
  await take(browser, 'page-dark', { ...wide, colorScheme: 'dark' }, showPage);
  await take(browser, 'page-phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, showPage);
  await take(browser, 'dialog', { viewport: { width: 1280, height: 860 } }, async (page) => {
    await openEditor(page, url);
    await page.evaluate(() => RED.editor.edit(RED.nodes.node('pl-asset-filler')));
    await page.waitForSelector('.red-ui-tray .twinwire-dialog', { state: 'visible' });
    await page.waitForTimeout(1_500);
  });
  await take(browser, 'editor', { viewport: { width: 1560, height: 930 } }, async (page) => {
    await openEditor(page, url);
    await page.evaluate(() => {
      RED.actions.invoke('core:toggle-palette');
      RED.sidebar.show('debug');
    });
    // The debug panel shows what came since it was opened: an answer of a person is sent on as well.
    await fetch(`${url}/inject/pl-acknowledge`, { method: 'POST' });
    await page.locator('.red-ui-debug-msg').first().waitFor({ timeout: 60_000 });
    await page.waitForTimeout(500);
  });
}

/** Leaks that were found a while ago, and the line with what they go with. */
async function takeLine(browser: Browser, url: string): Promise<void> {
  for (const [fault, waitMs] of [['end-bearingwear', 0], ['begin-jawtemperaturelow', 26_000], ['end-jawtemperaturelow', 12_000]] as const) {
    await fetch(`${url}/inject/pl-${fault}`, { method: 'POST' });
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  await take(browser, 'line', { viewport: { width: 1280, height: 1130 } }, async (page) => {
    await page.goto(`${url}/twin/#line`);
    await page.waitForSelector('.strip-station');
    console.log('Waiting for what the leaks go with …');
    for (let turn = 0; turn < 60 && (await page.locator('.cause-condition').count()) === 0; turn++) {
      await page.waitForTimeout(1_000);
      const again = page.locator('.cause button:enabled', { hasText: 'Ask again' });
      if ((await again.count()) > 0 && (await page.locator('.cause-condition').count()) === 0) await again.click();
    }
    if ((await page.locator('.cause-condition').count()) === 0) throw new PlainError('The line names nothing that the leaks go with.');
    await page.evaluate(() => (document.querySelector('.line h1') as unknown as { scrollIntoView(): void }).scrollIntoView());
  });
}

/** The part of the flow that makes and asks the line, and its stations in the sidebar. */
async function takeLineFlow(browser: Browser, url: string): Promise<void> {
  for (const question of ['scrap', 'labeller']) await fetch(`${url}/inject/pl-ask-${question}`, { method: 'POST' });
  await take(browser, 'line-flow', { viewport: { width: 1280, height: 620 } }, async (page) => {
    await openEditor(page, url);
    if (await page.isVisible('#red-ui-palette')) await page.evaluate(() => RED.actions.invoke('core:toggle-palette'));
    await page.evaluate(() => RED.sidebar.show('twinwire-twins'));
    // Node-RED 5 shows the debug panel below; all of the height is for the tab.
    if (await page.isVisible('.red-ui-debug-content')) await page.click('[data-tab-id="debug"]');
    await page.click('.twinwire-twin-button >> text="Sealer"');
    await page.waitForSelector('.twinwire-twin-does');
    await page.waitForTimeout(1_000);
    await page.evaluate(() => Object.assign(document.querySelector('#red-ui-workspace-chart') as object, { scrollTop: 845, scrollLeft: 20 }));
    await page.locator('.red-ui-flow-node-status-label', { hasText: 'Good parts' }).waitFor({ timeout: 60_000 });
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  const executablePath = chromium();
  if (executablePath === undefined) throw new PlainError('There is no Chromium on this machine: install the Debian package chromium.');
  const demo = values.url === undefined ? await startDemo() : { url: values.url, stop: async () => undefined };
  let browser: Browser | undefined;
  try {
    if (values.url === undefined) {
      const began = (await machinesOf(demo.url))?.nowMs ?? Date.now();
      await until(demo.url, 'the machines to be learned', ({ nowMs }) => nowMs - began > learningPlantMs);
      await fetch(`${demo.url}/inject/pl-begin-bearingwear`, { method: 'POST' });
    }
    await until(demo.url, 'the case of the filler', worn);
    browser = await playwright.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
    await takeAll(browser, demo.url);
    await takeLine(browser, demo.url);
    await takeLineFlow(browser, demo.url);
  } finally {
    await browser?.close();
    await demo.stop();
  }
}

try {
  await main();
} catch (problem) {
  console.error(plainText(problem));
  process.exitCode = 1;
}
