import { chromium as playwright, type Browser } from 'playwright-core';
import { chromium } from '../services/requireService.ts';

/** The machine's Chromium, as every test of pages and dialogs wants it. */
export function openBrowser(): Promise<Browser> {
  return playwright.launch({ executablePath: chromium(), args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}
