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
    const existing = host.querySelector('table');
    const focused = document.activeElement instanceof HTMLElement && existing?.contains(document.activeElement) === true ? document.activeElement.dataset['focus'] : undefined;
    const table = make('table', 'twinwire-table');
    const head = make('tr');
    for (const column of ['address', 'value', 'property']) head.append(make('th', '', text(`listen.${column}`)));
    head.append(make('th'));
    const sorted = [...heard].sort((a, b) => Number(target(a) !== null) - Number(target(b) !== null) || (a.address < b.address ? -1 : 1));
    table.append(head, ...sorted.map((one) => row(one, proposed.get(one.address))));
    host.replaceChildren(table);
    if (focused !== undefined) host.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  function row(one: HeardAddress, proposal: MappingProposal | undefined): HTMLElement {
    const line = make('tr');
    const address = make('td');
    address.append(make('code', '', one.address));
    const value = `${one.lastValue === null ? '–' : String(one.lastValue).slice(0, 40)}${one.unit ? ` ${one.unit}` : ''}`;
    line.append(address, make('td', '', value));
    const now = target(one);
    if (now !== null) {
      const state = make('td');
      const tick = make('i', 'fa fa-check');
      tick.setAttribute('aria-hidden', 'true');
      state.append(tick, ` ${now === '' ? text('listen.leftOut') : now}`);
      line.append(state, make('td'));
      return line;
    }
    const picker = document.createElement('select');
    picker.dataset['focus'] = `pick ${one.address}`;
    picker.setAttribute('aria-label', `${text('listen.property')}: ${one.address}`);
    picker.add(new Option(text('listen.choose'), ''));
    for (const property of addresses.properties()) {
      const shown = property.label === undefined || property.label === '' ? property.name : `${property.name} (${property.label})`;
      picker.add(new Option(property.unit ? `${shown}, ${property.unit}` : shown, property.name));
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
    take.addEventListener('click', () => addresses.map(one.address, picker.value === leaveOut ? '' : picker.value));
    const cell = make('td');
    cell.append(picker);
    if (proposal !== undefined && picker.value === proposal.property) cell.append(make('div', 'twinwire-hint', text('listen.proposed')));
    const last = make('td');
    last.append(take);
    line.append(cell, last);
    return line;
  }
}
