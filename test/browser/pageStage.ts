import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { MemoryStateStore } from '../../adapters/memory/memoryStore.ts';
import type { PageRole } from '../../contract/http.ts';
import { buildPage } from '../../scripts/buildPage.ts';
import { SiteUsers } from '../../web/siteUsers.ts';
import { twinRoutes } from '../../web/twinRoutes.ts';
import { openBrowser } from './openBrowser.ts';
import { MemoryPlant, morning } from '../web/pageFixture.ts';

export interface PageStage {
  page: Page;
  plant: MemoryPlant;
  /** Ends it; nothing may have been complained about. */
  close(): Promise<void>;
}

export interface StageOptions {
  /** "Kim" is logged in with it; absent: the site knows no users. */
  role?: PageRole;
  language?: string;
  width?: number;
  theme?: 'light' | 'dark';
  hash?: string;
  /** Answers addresses of the interface in the server's place. */
  answers?: { pattern: RegExp; answer: (route: Route) => Promise<void> };
}

/** The page in a real browser, before a plant of 18 machines. */
export class PageTheatre {
  #folder = '';
  #browser: Browser | undefined;

  async start(): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'twin-stage-'));
    await buildPage(this.#folder);
    this.#browser = await openBrowser();
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true });
  }

  async open({ role, language = 'en-US', width = 360, theme = 'light', hash = '', answers }: StageOptions): Promise<PageStage> {
    const plant = new MemoryPlant(morning(Date.now(), 18));
    const routes = twinRoutes(plant, { folder: this.#folder, intervalMs: 20 });
    const server = createServer(routes);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.ok(this.#browser);
    const context = await this.#browser.newContext({ viewport: { width, height: 740 }, locale: language, colorScheme: theme, reducedMotion: 'reduce', acceptDownloads: true });
    if (role !== undefined) {
      const users = await SiteUsers.open(new MemoryStateStore(), { nowMs: () => Date.now(), cost: { n: 16, r: 1, p: 1 } });
      await users.put({ name: 'Kim', role, password: 'kim-secret' });
      plant.siteGates.set('northfield', { users, readers: 'everyone' });
      await context.request.post(`${base}/api/login`, { data: { name: 'Kim', password: 'kim-secret' } });
    }
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    if (answers) await page.route(answers.pattern, answers.answer);
    await page.goto(`${base}/${hash}`);
    return {
      page,
      plant,
      async close() {
        await context.close();
        routes.close();
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
        assert.deepEqual(errors, []);
      },
    };
  }
}
