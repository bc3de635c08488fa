// What runs inside the page is written here as well, so this file knows the browser's names.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Field, Fields } from '../../contract/fields.ts';
import { rowsToType, type NodeFields } from './dialogValues.ts';

export type Theme = 'light' | 'dark';
export type Language = 'en-US' | 'de';

/** Node-RED's editor in a real browser; what the browser complains about is collected. */
export class EditorPage {
  readonly page: Page;
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  readonly #hands: boolean;

  private constructor(context: BrowserContext, page: Page, hands: boolean) {
    this.#context = context;
    this.page = page;
    this.#hands = hands;
  }

  /**
   * @param node of the flow, which is awaited
   * @param hands false: what would be typed and clicked is set by script where a hand could reach it, which takes a tenth of the time
   */
  static async open(browser: Browser, url: string, theme: Theme, language: Language, node = 'twin-asset', hands = true): Promise<EditorPage> {
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
          const { jQuery } = globalThis as unknown as { jQuery?: JQueryGlobal };
          if (jQuery === undefined) return;
          jQuery.fx.off = true;
          // Each help text fetches 3.5 MB that draw diagrams, though it has none.
          jQuery.ajaxTransport('+script', ({ url }) => {
            if (!/\/mermaid\.min\.js/.test(url)) return undefined;
            const send = (_headers: unknown, answer: (status: number, text: string, bodies: { text: string }) => void): void => {
              Object.assign(globalThis, { mermaid: { initialize() {}, render: () => Promise.reject(new Error('This test draws no diagrams.')) } });
              answer(200, 'success', { text: '' });
            };
            return { send, abort() {} };
          });
        });
      },
      [theme, language] as const,
    );
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const editor = new EditorPage(context, page, hands);
    page.on('console', (message) => {
      // The editor logs what fails in a dialog's code as plain text, with the name of the callback.
      if (message.type() === 'error' || /oneditprepare|oneditsave|oneditcancel|Validation error/.test(message.text())) {
        editor.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (problem) => editor.complaints.push(`page error: ${problem.stack ?? problem.message}`));
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

  /** As after loading the page: no dialog is open, the flow is the deployed one. Takes a twentieth of opening the editor anew. */
  async asDeployed(): Promise<void> {
    await this.page.evaluate(async () => {
      const { RED } = globalThis as unknown as { RED: EditorGlobal };
      const end = performance.now() + 10_000;
      while (document.querySelector('.red-ui-tray') !== null) {
        if (performance.now() > end) throw new Error('The dialog does not close.');
        document.querySelector<HTMLElement>('.red-ui-tray [id$="dialog-cancel"]')?.click();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const answer = await fetch('flows', { headers: { 'Node-RED-API-Version': 'v2' } });
      const { rev, flows } = (await answer.json()) as { rev: string; flows: unknown[] };
      RED.nodes.clear();
      RED.nodes.version(rev);
      RED.nodes.import(flows);
      RED.nodes.dirty(false);
      RED.view.redraw(true, true);
    });
    this.complaints.length = 0;
  }

  /** @param folded as it opens; else every fold is opened, for folded parts are part of the dialog */
  async openDialog(id: string, folded = false): Promise<void> {
    await this.page.evaluate(async ([node, leaveFolded]) => {
      const { RED } = globalThis as unknown as { RED: EditorGlobal };
      const found = RED.nodes.node(node);
      if (found._def.category === 'config') RED.editor.editConfig('', found.type, node);
      else RED.editor.edit(found);
      let dialog: HTMLElement | null = null;
      const lacks = (): string => {
        dialog = document.querySelector<HTMLElement>('.red-ui-tray .twinwire-dialog');
        if (dialog === null || dialog.getClientRects().length === 0 || !dialog.checkVisibility({ visibilityProperty: true })) return 'the form';
        // Labels come in after the form.
        const labels = [...dialog.querySelectorAll('[data-i18n]')].filter((one) => !one.getAttribute('data-i18n')?.startsWith('['));
        if (labels.some((one) => one.textContent === '')) return 'its labels';
        // A tray slides in; the last that the editor does then is to raise it.
        return document.querySelector<HTMLElement>('#red-ui-editor-stack')?.style.zIndex === '13' ? '' : 'its tray at rest';
      };
      const end = performance.now() + 10_000;
      for (let lacking = lacks(); lacking !== ''; lacking = lacks()) {
        if (performance.now() > end) throw new Error(`The dialog of ${node} lacks ${lacking}.`);
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      if (leaveFolded) return;
      for (const summary of dialog!.querySelectorAll<HTMLElement>('details:not([open]) > summary')) summary.click();
    }, [id, folded] as const);
  }

  async done(): Promise<void> {
    await this.#leave('ok');
  }

  async cancel(): Promise<void> {
    await this.#leave('cancel');
  }

  async #leave(button: 'ok' | 'cancel'): Promise<void> {
    const selector = `#node-dialog-${button}, #node-config-dialog-${button}`;
    const open = await this.page.evaluate(() => document.querySelectorAll('.red-ui-tray').length);
    if (this.#hands) await this.page.click(selector);
    else await this.#press(selector);
    await this.page.evaluate(async ([before]) => {
      const end = performance.now() + 10_000;
      while (document.querySelector('.twinwire-dialog') !== null || document.querySelectorAll('.red-ui-tray').length >= before) {
        if (performance.now() > end) throw new Error('The dialog does not close.');
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      // A node whose name has become longer is drawn wider, which moves it, with the next picture.
      (globalThis as unknown as { RED: EditorGlobal }).RED.view.redraw(true, true);
    }, [open] as const);
  }

  /** Presses a button that a mouse would reach. */
  async #press(selector: string): Promise<void> {
    await this.page.$eval(selector, (button) => {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      const reached = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (!button.contains(reached)) throw new Error(`${button.id} cannot be reached.`);
      (button as HTMLElement).click();
    });
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

  /** Types values in as a user would. What a condition hides is brought up first by the field that it hangs on. */
  async enter(node: DialogNode, values: readonly FieldValueToEnter[]): Promise<void> {
    if (this.#hands) for (const { name, field, value } of values) await this.#type(node, name, field, value);
    else await this.#set(node, values);
  }

  async #type(node: DialogNode, name: string, field: Field, value: unknown): Promise<void> {
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

  /** The same by script: refused where a hand could not, with the events that a hand brings about. */
  async #set(node: DialogNode, values: readonly FieldValueToEnter[]): Promise<void> {
    const kinds = Object.fromEntries(Object.entries(node.fields).map(([name, field]) => [name, { kind: field.kind, to: field.kind === 'reference' ? field.to : '' }]));
    const due = values.map(({ name, field, value }) => ({ name, kind: field.kind, value, rows: field.kind === 'list' ? rowsToType(node.type, name) : [] }));
    await this.page.evaluate(async ([before, fields, entries]) => {
      type Input = HTMLInputElement | HTMLSelectElement;
      const root = document.querySelector<HTMLElement>('.twinwire-dialog')!;
      const inputOf = (name: string): Input => root.querySelector<Input>(`#node-${before}input-${name}`)!;
      const reach = (element: HTMLElement, what: string): void => {
        const hidden = element.getClientRects().length === 0 || !element.checkVisibility({ visibilityProperty: true });
        if (hidden || (element as HTMLInputElement).disabled || (element as HTMLInputElement).readOnly) throw new Error(`${what} cannot be reached.`);
      };
      const set = (input: Input, value: unknown, what: string): void => {
        reach(input, what);
        input.focus();
        if (input.type === 'checkbox') {
          if ((input as HTMLInputElement).checked !== (value === true)) input.click();
          return;
        }
        input.value = String(value);
        if (input instanceof HTMLSelectElement && input.value !== String(value)) throw new Error(`${what} does not offer ${String(value)}.`);
        for (const event of ['input', 'change']) input.dispatchEvent(new Event(event, { bubbles: true }));
      };
      const press = (button: HTMLElement | null, what: string): void => {
        if (button === null) throw new Error(`${what} is missing.`);
        reach(button, what);
        button.click();
      };
      const bringUp = (element: HTMLElement): void => {
        const conditions: string[] = [];
        for (let part = element.closest<HTMLElement>('[data-when]'); part !== null; part = part.parentElement?.closest<HTMLElement>('[data-when]') ?? null) {
          // A hidden part may lie in another one: the outer one first.
          conditions.unshift(part.dataset['when'] ?? '');
        }
        for (const condition of conditions) {
          const [, name = '', value] = /^(\w+)(?:=([^|]*))?/.exec(condition) ?? [];
          const field = fields[name];
          if (field === undefined) throw new Error(`"${condition}" names no field.`);
          set(inputOf(name), field.kind === 'flag' ? true : (value ?? (field.kind === 'reference' ? `${field.to}-2` : 'something')), name);
        }
      };
      for (const { name, kind, value, rows } of entries) {
        if (kind === 'list') {
          const host = root.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
          bringUp(host);
          for (const remove of [...host.querySelectorAll<HTMLElement>('.twinwire-list-remove')]) press(remove, `${name}: remove`);
          for (const row of rows) {
            press(host.querySelector<HTMLElement>('.twinwire-list-add'), `${name}: add`);
            const last = [...host.querySelectorAll<HTMLElement>('.twinwire-list-row')].at(-1)!;
            const toggle = last.querySelector<HTMLElement>('.twinwire-list-toggle');
            if (toggle !== null) press(toggle, `${name}: more`);
            // The kind decides what else is asked.
            for (const [column, cell] of Object.entries(row).sort(([a], [b]) => Number(b === 'valueKind') - Number(a === 'valueKind'))) {
              set(last.querySelector<Input>(`[data-column="${column}"]`)!, cell, `${name}: ${column}`);
            }
          }
        } else if (name === 'falseAlarmsPerWeek') {
          set(root.querySelector<Input>('[data-part="rate-number"]')!, Number(value) / 7, name);
          set(root.querySelector<Input>('[data-part="rate-period"]')!, 'day', name);
        } else {
          bringUp(inputOf(name));
          set(inputOf(name), value, name);
        }
        // What follows from a change may come a moment later.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }, [node.isConfig ? 'config-' : '', kinds, due] as const);
  }

  /** Of each field, on how many others it hangs: what must hold for it to be shown. */
  depthsOf(node: DialogNode, names: readonly string[]): Promise<Record<string, number>> {
    return this.page.$eval('.twinwire-dialog', (root, [before, all]) => {
      const depth = (element: Element | null): number => {
        let found = 0;
        for (let part = element?.closest('[data-when]'); part !== null && part !== undefined; part = part.parentElement?.closest('[data-when]')) found++;
        return found;
      };
      return Object.fromEntries(all.map((name) => [name, depth(root.querySelector(`#node-${before}input-${name}`))]));
    }, [node.isConfig ? 'config-' : '', names] as const);
  }

  /** What must hold for an input to be shown, the innermost first. */
  #conditionsOf(selector: string): Promise<string[]> {
    return this.page.$eval(selector, (input) => {
      const conditions: string[] = [];
      for (let part = input.closest<HTMLElement>('[data-when]'); part !== null; part = part.parentElement?.closest<HTMLElement>('[data-when]') ?? null) {
        conditions.push(part.dataset['when'] ?? '');
      }
      return conditions;
    });
  }

  async #bringUp(node: DialogNode, selector: string): Promise<void> {
    // A hidden part may lie in another one: the outer one first.
    for (const condition of (await this.#conditionsOf(selector)).reverse()) {
      const [, name = '', value] = /^(\w+)(?:=([^|]*))?/.exec(condition) ?? [];
      const field = node.fields[name];
      if (field === undefined) throw new Error(`"${condition}" names no field.`);
      const input = this.selector(node.isConfig, name);
      if (field.kind === 'flag') await this.page.setChecked(input, true);
      else await this.page.selectOption(input, value ?? (field.kind === 'reference' ? `${field.to}-2` : 'something'));
    }
    await this.page.waitForSelector(selector, { state: 'visible' });
  }

  async #typeRows(node: DialogNode, name: string): Promise<void> {
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

  /** What the fields show. */
  async shown(node: DialogNode, fields: Fields): Promise<Record<string, unknown>> {
    const kinds = Object.entries(fields).map(([name, { kind }]) => [name, kind] as const);
    return this.page.$eval('.twinwire-dialog', (root, [before, all]) => {
      const rowsOf = (name: string): unknown[] => [...root.querySelectorAll(`[data-part="${name}"] .twinwire-list-row`)].map((row) =>
        Object.fromEntries([...row.querySelectorAll<HTMLInputElement>('[data-column]')].map((input) => [input.dataset['column'], input.type === 'checkbox' ? input.checked : input.value])));
      return Object.fromEntries(all.map(([name, kind]) => {
        if (kind === 'list') return [name, rowsOf(name)];
        const input = root.querySelector<HTMLInputElement>(`#node-${before}input-${name}`)!;
        return [name, kind === 'flag' ? input.checked : kind === 'number' ? Number(input.value) : input.value];
      }));
    }, [node.isConfig ? 'config-' : '', kinds] as const);
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

/** A node as its dialog shows it. */
type DialogNode = Pick<NodeFields, 'type' | 'isConfig' | 'fields'>;

interface FieldValueToEnter {
  name: string;
  field: Field;
  value: unknown;
}

/** The part of jQuery that the tests change. */
interface JQueryGlobal {
  fx: { off: boolean };
  ajaxTransport(type: string, choose: (options: { url: string }) => object | undefined): void;
}

/** The part of the editor's API that the tests call. */
interface EditorGlobal {
  nodes: {
    node(id: string): { type: string; _def: { category: string }; validationErrors?: string[] };
    clear(): void;
    version(revision: string): void;
    import(nodes: unknown[]): unknown;
    dirty(changed: boolean): void;
    createExportableNodeSet(nodes: unknown[]): Record<string, unknown>[];
  };
  view: { redraw(all: boolean, atOnce: boolean): void };
  editor: { edit(node: unknown): void; editConfig(name: string, type: string, id: string): void; validateNode(node: unknown): boolean };
}
