import { differingPart, hasPart, nextName, partForName } from '../contract/anotherMachine.ts';
import type { MachineWords } from '../contract/anotherMachine.ts';
import type { CheckAnswer } from '../contract/discovery.ts';
import { showAnswer } from './answer.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';
import type { Row } from './rowList.ts';
import type { TextValues } from './text.ts';

/** The machine that another one is to be like. */
export interface Template extends MachineWords {
  /** Its own addresses as they would be with `to` in place of `from`. */
  addressesOf(from: string, to: string): string[];
}

export interface AnotherChoice {
  name: string;
  from: string;
  to: string;
}

export interface AnotherOptions {
  host: HTMLElement;
  /** undefined: there is none to copy. */
  template: () => Template | undefined;
  /** The node whose sources are asked. */
  node: EditorNode;
  /** The route that says what the running node has heard, and how its answer is read. */
  heardUrl: string;
  heard: (answer: unknown) => string[];
  text: (key: string, values?: TextValues) => string;
  onPlace(choice: AnotherChoice): void;
}

const settleMs = 500;
const mostNamed = 5;
let panelNumber = 0;

/** Nodes that are wired to a node's input. */
export function sourcesOf(node: EditorNode): EditorNode[] {
  return RED.nodes.filterLinks({ target: node }).map(({ source }) => source);
}

/** Everything that machines of the flows are called in their addresses. */
function wordsInFlows(): string[] {
  const words: string[] = [];
  const take = (rows: unknown, field: string): void => {
    if (Array.isArray(rows)) for (const row of rows as Row[]) words.push(String(row?.[field] ?? ''));
  };
  RED.nodes.eachNode((node) => {
    words.push(String(node.name ?? ''));
    take(node['placeholders'], 'value');
    take(node['mapping'], 'address');
    take(node['settings'], 'value');
    take(node['machines'], 'name');
  });
  return words;
}

/**
 * The part "Add another like this" of a dialog: a name, what differs in the addresses (both guessed), and a live answer whether the
 * source has the addresses of the new machine. Choose it where machines are kept; what is placed is the caller's affair.
 */
export function prepareAnother(options: AnotherOptions): void {
  const { host, node, text } = options;
  const id = `twinwire-another-${++panelNumber}`;
  const start = button('fa-clone', text('another.button'), true);
  start.dataset['part'] = 'another-open';
  start.setAttribute('aria-expanded', 'false');
  const panel = make('div', 'twinwire-preview twinwire-another');
  panel.hidden = true;
  host.replaceChildren(start, panel);
  start.addEventListener('click', () => {
    panel.hidden = !panel.hidden;
    start.setAttribute('aria-expanded', String(!panel.hidden));
    if (!panel.hidden) open();
  });

  function field(part: string, label: string, value: string): { row: HTMLElement; input: HTMLInputElement } {
    const row = make('div', 'twinwire-another-field');
    const input = document.createElement('input');
    input.type = 'text';
    input.autocomplete = 'off';
    input.spellcheck = false;
    input.id = `${id}-${part}`;
    input.dataset['part'] = `another-${part}`;
    input.value = value;
    const shown = document.createElement('label');
    shown.htmlFor = input.id;
    shown.textContent = label;
    row.append(shown, input);
    return { row, input };
  }

  function open(): void {
    const template = options.template();
    panel.replaceChildren();
    if (template === undefined) {
      panel.append(make('p', 'twinwire-explain', text('another.none')));
      return;
    }
    const words = wordsInFlows();
    const guessed = differingPart(template);
    const counted = nextName(guessed, (one) => words.some((word) => hasPart(word, one)));
    const name = field('name', text('another.name'), nextName(template.name, (one) => words.includes(one)));
    const from = field('from', text('another.from'), guessed);
    const to = field('to', guessed === '' ? text('another.to') : text('another.becomes', { part: guessed }), counted);
    const answer = make('div', 'twinwire-answer');
    answer.dataset['part'] = 'another-answer';
    answer.setAttribute('role', 'status');
    const place = button('fa-plus', text('another.place'), true);
    place.dataset['part'] = 'another-place';
    // What was guessed is not asked.
    panel.append(name.row, ...(guessed === '' ? [from.row] : []), to.row, answer, place);
    let isOwn = counted !== '';
    let asked = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const changed = (): void => {
      place.disabled = name.input.value.trim() === '' || (from.input.value.trim() !== '' && to.input.value.trim() === '');
      clearTimeout(timer);
      timer = setTimeout(() => void check(), settleMs);
    };
    const check = async (): Promise<void> => {
      if (!panel.isConnected) return;
      const number = ++asked;
      const [part, next] = [from.input.value.trim(), to.input.value.trim()];
      if (part === '' || next === '') {
        answer.replaceChildren();
        return;
      }
      const addresses = [...new Set((options.template() ?? template).addressesOf(part, next))];
      if (addresses.length === 0) {
        showAnswer(answer, 'bad', text('another.noAddress', { part }));
        return;
      }
      showAnswer(answer, 'busy', text('another.busy', { count: addresses.length }));
      const told = await askFor(addresses);
      // A later question has the word.
      if (number === asked && panel.isConnected) showAnswer(answer, told.kind, told.text);
    };
    name.input.addEventListener('input', () => {
      if (!isOwn) to.input.value = partForName(from.input.value, template.name, name.input.value);
      changed();
    });
    to.input.addEventListener('input', () => {
      isOwn = to.input.value !== '';
      changed();
    });
    from.input.addEventListener('input', changed);
    panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      if (!place.disabled) place.click();
    });
    place.addEventListener('click', () => {
      panel.hidden = true;
      start.setAttribute('aria-expanded', 'false');
      options.onPlace({ name: name.input.value.trim(), from: from.input.value.trim(), to: to.input.value.trim() });
    });
    changed();
    clearTimeout(timer);
    void check();
    (name.input.value === '' ? name.input : to.input.value === '' ? to.input : place).focus();
  }

  /** The server of an OPC UA source says what it has; of any other source is known what it has sent. */
  async function askFor(addresses: string[]): Promise<{ kind: 'good' | 'bad'; text: string }> {
    const servers = new Set(sourcesOf(node).filter(({ type }) => type === 'twin-opcua-source').map((source) => String(source['server'] ?? '')));
    const [server] = servers;
    if (server !== undefined && server !== '') {
      const got = await request<CheckAnswer>('POST', 'twinwire/opcua-source/check', { server, addresses, language: RED.i18n.lang() });
      if (!got.ok) return { kind: 'bad', text: got.text || text('another.noAnswer', { status: got.status }) };
      if (!got.value.ok) return { kind: 'bad', text: got.value.text };
      const { missing } = got.value;
      return counted('found', addresses.length, missing);
    }
    const got = await request<unknown>('GET', options.heardUrl);
    if (!got.ok) return { kind: 'bad', text: text('another.notRunning') };
    const known = new Set(options.heard(got.value));
    return counted('heard', addresses.length, addresses.filter((address) => !known.has(address)));
  }

  function counted(what: 'found' | 'heard', all: number, missing: readonly string[]): { kind: 'good' | 'bad'; text: string } {
    const found = text(`another.${what}`, { found: all - missing.length, all });
    if (missing.length === 0) return { kind: 'good', text: found };
    const more = missing.length > mostNamed ? ` … (+${missing.length - mostNamed})` : '';
    return { kind: 'bad', text: `${found} ${text('another.missing', { names: missing.slice(0, mostNamed).join(', ') })}${more}` };
  }
}
