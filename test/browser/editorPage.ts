// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Field, Fields } from '../../contract/fields.ts';
import { rowsToType } from './dialogValues.ts';

export type Theme = 'light' | 'dark';
export type Language = 'en-US' | 'de';

/** Node-RED's editor in a real browser; what the browser complains about is collected. */
export class EditorPage {
  readonly page: Page;
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
  }

  /** @param node of the flow, which is awaited */
  static async open(browser: Browser, url: string, theme: Theme, language: Language, node = 'twin-asset'): Promise<EditorPage> {
    const context = await browser.newContext({ viewport: { width: 1300, height: 1000 }, locale: language, colorScheme: theme });
    // Where the editor keeps a user's choices.
    await context.addInitScript(
      ([chosenTheme, chosenLanguage]) => {
        localStorage.setItem('view-dark-theme', chosenTheme);
        localStorage.setItem('editor-language', chosenLanguage);
        // The editor gives its trays up to half a second to slide.
        const later = globalThis.setTimeout;
        const soon = (work: (...given: unknown[]) => void, delayMs?: number, ...given: unknown[]): number =>
          later(work, delayMs === 100 || delayMs === 150 || delayMs === 200 || delayMs === 250 ? 10 : delayMs, ...given) as unknown as number;
        globalThis.setTimeout = soon as unknown as typeof setTimeout;
        // Nobody watches: what slides and fades is there at once.
        document.addEventListener('DOMContentLoaded', () => {
          const style = document.createElement('style');
          style.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';
          document.head.append(style);
          const { jQuery } = globalThis as unknown as { jQuery?: { fx: { off: boolean } } };
          if (jQuery !== undefined) jQuery.fx.off = true;
        });
      },
      [theme, language] as const,
    );
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const editor = new EditorPage(context, page);
    page.on('console', (message) => {
      // The editor logs what fails in a dialog's code as plain text, with the name of the callback.
      if (message.type() === 'error' || /oneditprepare|oneditsave|oneditcancel|Validation error/.test(message.text())) {
        editor.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (problem) => editor.complaints.push(`page error: ${problem.message}`));
    page.on('response', (response) => {
      if (response.status() >= 500) editor.complaints.push(`${response.status()} from ${response.url()}`);
    });
    await page.goto(url);
    await page.waitForFunction((awaited) => {
      const nodes = (globalThis as unknown as { RED?: { nodes?: { node?(id: string): unknown } } }).RED?.nodes;
      return nodes?.node?.(awaited) && document.querySelector('#red-ui-header-button-deploy') !== null;
    }, node);
    // The editor draws its first view in steps; it is ready for a dialog when the loading cover is gone.
    await page.waitForFunction(() => (document.querySelector<HTMLElement>('#red-ui-loading-progress')?.offsetParent ?? null) === null);
    return editor;
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  /** @param folded as it opens; else every fold is opened, for folded parts are part of the dialog */
  async openDialog(id: string, folded = false): Promise<void> {
    await this.page.evaluate((node) => {
      const { RED } = globalThis as unknown as { RED: EditorGlobal };
      const found = RED.nodes.node(node);
      if (found._def.category === 'config') RED.editor.editConfig('', found.type, node);
      else RED.editor.edit(found);
    }, id);
    await this.page.waitForSelector('.red-ui-tray .twinwire-dialog', { state: 'visible' });
    // Labels come in after the form: the tray is complete when its buttons can be pressed and no text is awaited.
    await this.page.waitForFunction(() => {
      const tray = document.querySelector('.red-ui-tray');
      const labels = [...document.querySelectorAll('.twinwire-dialog [data-i18n]')].filter((one) => !one.getAttribute('data-i18n')?.startsWith('['));
      return tray !== null && labels.every((one) => one.textContent !== '');
    });
    await this.#trayAtRest();
    if (folded) return;
    for (const summary of await this.page.$$('.twinwire-dialog details:not([open]) > summary')) await summary.evaluate((one) => (one as HTMLElement).click());
  }

  async done(): Promise<void> {
    await this.#leave('ok');
  }

  async cancel(): Promise<void> {
    await this.#leave('cancel');
  }

  async #leave(button: 'ok' | 'cancel'): Promise<void> {
    await this.page.click(`#node-dialog-${button}, #node-config-dialog-${button}`);
    await this.page.waitForFunction(() => document.querySelector('.twinwire-dialog') === null);
    await this.#trayAtRest();
  }

  /** Trays slide in and out; while they do, clicks miss. */
  async #trayAtRest(): Promise<void> {
    await this.page.waitForFunction(() => {
      const trays = [...document.querySelectorAll<HTMLElement>('.red-ui-tray')];
      const state = globalThis as unknown as { trayPlace?: string };
      const place = trays.map((tray) => tray.getBoundingClientRect().x).join();
      const same = state.trayPlace === place;
      state.trayPlace = place;
      return same;
    }, undefined, { polling: 60 });
  }

  /** The node as "Export" writes it. */
  async exported(id: string): Promise<Record<string, unknown>> {
    return this.page.evaluate((node) => {
      const { RED } = globalThis as unknown as { RED: EditorGlobal };
      const set = RED.nodes.createExportableNodeSet([RED.nodes.node(node)]);
      return JSON.parse(JSON.stringify(set.find((one) => one['id'] === node))) as Record<string, unknown>;
    }, id);
  }

  /** What Node-RED says is wrong with a node. */
  async problems(id: string): Promise<string[]> {
    return this.page.evaluate((node) => {
      const { RED } = globalThis as unknown as { RED: EditorGlobal };
      RED.editor.validateNode(RED.nodes.node(node));
      return RED.nodes.node(node).validationErrors ?? [];
    }, id);
  }

  selector(isConfig: boolean, name: string): string {
    return `.twinwire-dialog #node-${isConfig ? 'config-' : ''}input-${name}`;
  }

  /** Types a value in as a user would. What a condition hides is brought up first by the field that it hangs on. */
  async type(node: { type: string; isConfig: boolean; fields: Fields }, name: string, field: Field, value: unknown): Promise<void> {
    if (field.kind === 'list') return this.#typeRows(node, name);
    if (name === 'falseAlarmsPerWeek') {
      await this.page.fill('[data-part="rate-number"]', String(Number(value) / 7));
      await this.page.selectOption('[data-part="rate-period"]', 'day');
      return;
    }
    const selector = this.selector(node.isConfig, name);
    await this.#bringUp(node, selector);
    if (field.kind === 'flag') await this.page.setChecked(selector, value === true);
    else if (field.kind === 'choice' || field.kind === 'reference') await this.page.selectOption(selector, String(value));
    else {
      await this.page.fill(selector, String(value));
      await this.page.dispatchEvent(selector, 'change');
    }
  }

  /** What must hold for an input to be shown, the innermost first. */
  conditionsOf(selector: string): Promise<string[]> {
    return this.page.$eval(selector, (input) => {
      const conditions: string[] = [];
      for (let part = input.closest<HTMLElement>('[data-when]'); part !== null; part = part.parentElement?.closest<HTMLElement>('[data-when]') ?? null) {
        conditions.push(part.dataset['when'] ?? '');
      }
      return conditions;
    });
  }

  async #bringUp(node: { isConfig: boolean; fields: Fields }, selector: string): Promise<void> {
    // A hidden part may lie in another one: the outer one first.
    for (const condition of (await this.conditionsOf(selector)).reverse()) {
      const [, name = '', value] = /^(\w+)(?:=([^|]*))?/.exec(condition) ?? [];
      const field = node.fields[name];
      if (field === undefined) throw new Error(`"${condition}" names no field.`);
      const input = this.selector(node.isConfig, name);
      if (field.kind === 'flag') await this.page.setChecked(input, true);
      else await this.page.selectOption(input, value ?? (field.kind === 'reference' ? `${field.to}-2` : 'something'));
    }
    await this.page.waitForSelector(selector, { state: 'visible' });
  }

  async #typeRows(node: { type: string; isConfig: boolean; fields: Fields }, name: string): Promise<void> {
    const host = `.twinwire-dialog [data-part="${name}"]`;
    await this.#bringUp(node, host);
    for (const remove of await this.page.$$(`${host} .twinwire-list-remove`)) await remove.click();
    for (const values of rowsToType(node.type, name)) {
      await this.page.click(`${host} .twinwire-list-add`);
      const row = this.page.locator(`${host} .twinwire-list-row`).last();
      const toggle = row.locator('.twinwire-list-toggle');
      if ((await toggle.count()) > 0) await toggle.click();
      // The kind decides what else is asked.
      for (const [column, value] of Object.entries(values).sort(([a], [b]) => Number(b === 'valueKind') - Number(a === 'valueKind'))) {
        const input = row.locator(`[data-column="${column}"]`);
        const kind = await input.evaluate((one) => (one instanceof HTMLSelectElement ? 'select' : (one as HTMLInputElement).type));
        if (kind === 'checkbox') await input.setChecked(value === true);
        else if (kind === 'select') await input.selectOption(String(value));
        else await input.fill(String(value));
      }
    }
  }

  /** What a field shows. */
  async shown(node: { isConfig: boolean }, name: string, field: Field): Promise<unknown> {
    if (field.kind === 'list') {
      return this.page.$$eval(
        `.twinwire-dialog [data-part="${name}"] .twinwire-list-row`,
        (rows) =>
          rows.map((row) =>
            Object.fromEntries(
              [...row.querySelectorAll<HTMLInputElement>('[data-column]')].map((input) => [
                input.dataset['column'],
                input.type === 'checkbox' ? input.checked : input.value,
              ]),
            ),
          ),
      );
    }
    const selector = this.selector(node.isConfig, name);
    if (field.kind === 'flag') return this.page.$eval(selector, (input) => (input as HTMLInputElement).checked);
    const value = await this.page.$eval(selector, (input) => (input as HTMLInputElement).value);
    return field.kind === 'number' ? Number(value) : value;
  }

  /** Keys that no catalogue has, wherever the dialog would show them. */
  async missingTexts(): Promise<string[]> {
    return this.page.$eval('.red-ui-tray', (tray) => {
      const groups =
        'label|hint|option|section|unit|list|column|group|placeholder|check|listen|pattern|port|phase|missing|progress|rate|test|problem|explain|start|find';
      const key = new RegExp(`@twinwire|\\btwin-[a-z]+[:.][a-z]|(?:^|[\\s"„(])(?:${groups})\\.[a-zA-Z]`);
      const texts: string[] = [];
      const walker = document.createTreeWalker(tray, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) texts.push(walker.currentNode.nodeValue ?? '');
      for (const element of tray.querySelectorAll('*')) {
        for (const attribute of ['placeholder', 'title', 'aria-label']) texts.push(element.getAttribute(attribute) ?? '');
      }
      return texts.filter((text) => key.test(text));
    });
  }

  /** Texts that the dialog cuts off or lets run over its edge. */
  async cutTexts(): Promise<string[]> {
    return this.page.$eval('.twinwire-dialog', (dialog) => {
      const cut: string[] = [];
      const edge = dialog.getBoundingClientRect();
      const pen = document.createElement('canvas').getContext('2d');
      const withText = 'label, button, summary, legend, .twinwire-hint, .twinwire-list-head span, h4, p, .twinwire-unit, .twinwire-heard span';
      for (const element of dialog.querySelectorAll<HTMLElement>(withText)) {
        if (element.offsetParent === null) continue;
        const box = element.getBoundingClientRect();
        if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) cut.push(`cut: ${element.textContent}`);
        if (box.right > edge.right + 1) cut.push(`over the edge: ${element.textContent}`);
      }
      for (const select of dialog.querySelectorAll<HTMLSelectElement>('select')) {
        if (select.offsetParent === null || pen === null) continue;
        const style = getComputedStyle(select);
        pen.font = style.font;
        // Some 20 px are the arrow's.
        const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 20;
        for (const option of select.options) {
          if (option.value !== '_ADD_' && pen.measureText(option.text).width > room + 2) cut.push(`option wider than its box: ${option.text}`);
        }
      }
      return cut;
    });
  }
}

/** The part of the editor's API that the tests call. */
interface EditorGlobal {
  nodes: {
    node(id: string): { type: string; _def: { category: string }; validationErrors?: string[] };
    createExportableNodeSet(nodes: unknown[]): Record<string, unknown>[];
  };
  editor: { edit(node: unknown): void; editConfig(name: string, type: string, id: string): void; validateNode(node: unknown): boolean };
}
