import { proposeMapping, type MappingProposal } from '../contract/proposeMapping.ts';
import type { AssetAddresses } from './assetAddresses.ts';
import type { Form, OpenForm } from './form.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';

/** One address as the route twinwire/asset/:id/addresses tells it. */
interface HeardAddress {
  address: string;
  lastValue: string | number | boolean | null;
  unit?: string;
  /** How long ago the last value arrived. */
  ageMs: number;
  count: number;
  /** The property that it goes to as deployed; null: none. */
  mapped: string | null;
}

const listenMs = 20_000;
const askEveryMs = 1000;
/** The picker's choice "leave out"; a property can't be called so. */
const leaveOut = '-';

let timer: ReturnType<typeof setTimeout> | undefined;

export function stopListening(): void {
  clearTimeout(timer);
}

/**
 * "These arrived in the last 20 s: which is which?" Asks the running node for 20 s what it hears, proposes a property for
 * each address by its name, and takes over into the table by one click each, or all proposals by one.
 */
export function prepareListening(dialog: Form, open: OpenForm, node: EditorNode, addresses: AssetAddresses): void {
  const { text } = dialog;
  const start = open.element<HTMLButtonElement>('listen');
  const takeAll = open.element<HTMLButtonElement>('take-all');
  const line = open.element('listen-text');
  const host = open.element('heard');
  let heard: HeardAddress[] = [];
  /** What the user picked, by address; it stays while the table is drawn anew each second. */
  const picked = new Map<string, string>();

  stopListening();
  start.addEventListener('click', () => {
    const until = performance.now() + listenMs;
    heard = [];
    start.disabled = true;
    const ask = async (): Promise<void> => {
      const got = await request<{ addresses: HeardAddress[] }>('GET', `twinwire/asset/${encodeURIComponent(node.id)}/addresses`);
      if (!host.isConnected) return;
      const leftMs = until - performance.now();
      if (!got.ok) {
        start.disabled = false;
        line.textContent = got.status === 404 ? text('listen.notDeployed') : text('listen.failed', { status: got.status });
        return;
      }
      heard = got.value.addresses.filter((one) => one.ageMs <= listenMs);
      draw();
      if (leftMs > 0) {
        line.textContent = text('listen.running', { seconds: Math.ceil(leftMs / 1000), number: heard.length });
        timer = setTimeout(() => void ask(), askEveryMs);
        return;
      }
      start.disabled = false;
      line.textContent = heard.length === 0 ? text('listen.nothing') : text('listen.done', { number: heard.length });
    };
    line.textContent = text('listen.running', { seconds: listenMs / 1000, number: 0 });
    void ask();
  });
  takeAll.addEventListener('click', () => {
    for (const [address, proposal] of proposals()) addresses.map(address, proposal.property);
    draw();
  });
  addresses.onChange(() => {
    if (heard.length > 0) draw();
  });

  /** Where an address goes now: by the table of this dialog first, then as the running node has it. */
  function target(one: HeardAddress): string | null {
    const table = addresses.mapped();
    return table.get(one.address) ?? one.mapped;
  }

  function proposals(): Map<string, MappingProposal> {
    const taken = new Set(heard.map(target).filter((property) => property !== null && property !== ''));
    const free = addresses.properties().filter((property) => !taken.has(property.name));
    return proposeMapping(heard.filter((one) => target(one) === null), free);
  }

  function draw(): void {
    const proposed = proposals();
    takeAll.hidden = proposed.size === 0;
    takeAll.textContent = text('listen.takeAll', { number: proposed.size });
    if (heard.length === 0) {
      host.replaceChildren();
      return;
    }
    const active = document.activeElement;
    const focused = active instanceof HTMLElement && host.contains(active) ? active.dataset['focus'] : undefined;
    const sorted = [...heard].sort((a, b) => Number(target(a) !== null) - Number(target(b) !== null) || (a.address < b.address ? -1 : 1));
    host.replaceChildren(...sorted.map((one) => block(one, proposed.get(one.address))));
    if (focused !== undefined) host.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  function block(one: HeardAddress, proposal: MappingProposal | undefined): HTMLElement {
    const element = make('div', 'twinwire-heard');
    const value = `${one.lastValue === null ? '–' : String(one.lastValue).slice(0, 40)}${one.unit ? ` ${one.unit}` : ''}`;
    element.append(make('code', '', one.address), make('span', 'twinwire-heard-value', value));
    const now = target(one);
    if (now !== null) {
      const state = make('div', 'twinwire-heard-state');
      const tick = make('i', 'fa fa-check');
      tick.setAttribute('aria-hidden', 'true');
      state.append(tick, ` ${now === '' ? text('listen.leftOut') : now}`);
      element.append(state);
      return element;
    }
    const picker = document.createElement('select');
    picker.dataset['focus'] = `pick ${one.address}`;
    picker.setAttribute('aria-label', `${text('listen.property')}: ${one.address}`);
    picker.add(new Option(text('listen.choose'), ''));
    for (const property of addresses.properties()) {
      const shown = property.label === undefined || property.label === '' ? property.name : `${property.name} (${property.label})`;
      const hint = proposal?.property === property.name ? `${text('listen.proposed')}: ` : '';
      picker.add(new Option(`${hint}${property.unit ? `${shown}, ${property.unit}` : shown}`, property.name));
    }
    picker.add(new Option(text('listen.leaveOut'), leaveOut));
    picker.value = picked.get(one.address) ?? proposal?.property ?? '';
    const take = button('fa-check', text('listen.take'), true);
    take.dataset['focus'] = `take ${one.address}`;
    take.disabled = picker.value === '';
    picker.addEventListener('change', () => {
      picked.set(one.address, picker.value);
      take.disabled = picker.value === '';
    });
    take.addEventListener('click', () => {
      addresses.map(one.address, picker.value === leaveOut ? '' : picker.value);
      // The button just pressed is gone: on to the next one.
      const next = host.querySelector<HTMLElement>('[data-focus^="take"]:not(:disabled)') ?? host.querySelector<HTMLElement>('[data-focus]');
      (next ?? start).focus();
    });
    element.append(picker, take);
    return element;
  }
}
