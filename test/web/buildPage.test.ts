import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildPage } from '../../scripts/buildPage.ts';

const shellLimitBytes = 60 * 1024;
const wholeLimitBytes = 120 * 1024;

describe('the built page', () => {
  let folder: string;
  let files: string[];
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const zipped = (names: readonly string[]): number => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0);

  before(async function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'twin-built-'));
    files = await buildPage(folder);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is small: at most 60 KB for the page, 120 KB with the plots', () => {
    const shell = firstLoad();
    const plots = files.filter((name) => name.endsWith('.js') && !shell.includes(name));
    assert.ok(plots.length >= 1, 'the plots are loaded on demand');
    assert.ok(plots.some((name) => text(name).includes('uplot') || text(name).includes('u-over')), 'the plots are in a file of their own');
    const [first, all] = [zipped(shell), zipped([...shell, ...plots])];
    assert.ok(first > 5_000 && first <= shellLimitBytes, `${first} bytes at first`);
    assert.ok(all > first && all <= wholeLimitBytes, `${all} bytes in all`);
    assert.ok(shell.every((name) => !text(name).includes('u-over') || name.endsWith('.css')), 'no plot in the first load');
  });

  it('has no inline script or style, no address of another host, and only relative addresses', () => {
    const html = text('index.html');
    assert.doesNotMatch(html, /\{\{|<style|style=|onerror|onload|<script(?![^>]*\bsrc=)/);
    const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '');
    assert.equal(addresses.length, 3);
    for (const address of addresses) {
      assert.match(address, /^assets\/[\w.-]+$/);
      assert.ok(files.includes(address), address);
    }
    const known = /https?:\/\/(?:www\.w3\.org\/|lit\.dev\/|github\.com\/)/;
    for (const name of files.filter((one) => /\.(js|css)$/.test(one))) {
      for (const [address] of text(name).matchAll(/https?:\/\/[\w./-]*/g)) assert.match(address, known, `${name}: ${address}`);
      assert.doesNotMatch(text(name), /\beval\(|new Function\(|unsafeHTML|\.insertAdjacentHTML/, name);
    }
  });

  it('carries the licence of all that was bundled', () => {
    const licences = text('licences.txt');
    for (const name of ['lit', 'lit-html', 'lit-element', '@lit/reactive-element', 'uplot']) {
      assert.match(licences, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((?:BSD-3-Clause|MIT)\\)$`, 'm'));
    }
    assert.doesNotMatch(licences, /GPL/);
  });

  it('names assets by their content', async () => {
    const again = mkdtempSync(join(tmpdir(), 'twin-built-'));
    try {
      assert.deepEqual((await buildPage(again)).sort(), [...files].sort());
    } finally {
      rmSync(again, { recursive: true, force: true });
    }
  });

  /** What the browser loads before anything is tapped: the shell, what it names, and what those import at once. */
  function firstLoad(): string[] {
    const found = new Set(['index.html', ...[...text('index.html').matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? '')]);
    for (const name of found) {
      if (!name.endsWith('.js')) continue;
      for (const match of text(name).matchAll(/(?:^|[;}\n])\s*(?:import|export)\b[^;("']*?["']\.\/([\w.-]+)["']/g)) found.add(`assets/${match[1]}`);
    }
    return [...found];
  }
});
