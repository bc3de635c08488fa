import type { Proposal, ProposedMachine, ProposedProperty } from '../contract/discovery.ts';
import { proposeFreeKey } from '../contract/proposeKey.ts';
import { button, make } from './rowList.ts';
import type { TextValues } from './text.ts';
import { unitSuggestions } from './typeChecks.ts';

/** What a person chose of a proposal. */
export interface ChosenType {
  name: string;
  properties: ProposedProperty[];
  machines: (ProposedMachine & { key: string })[];
}

export interface Review {
  /** What is chosen now, types without machines left out. */
  chosen(): ChosenType[];
  /** A config node's id; '' = make one. */
  site(): string;
}

export interface ReviewOptions {
  host: HTMLElement;
  proposal: Proposal;
  text: (key: string, values?: TextValues) => string;
  /** Keys that twins of the flow have, by site. */
  keysTaken: ReadonlySet<string>;
  /** The sites there are; undefined: a site is not asked for. */
  sites?: readonly { id: string; name: string }[];
  placeText: string;
  placeHint: string;
  onPlace(review: Review): void;
}

const kinds = ['measured', 'setpoint', 'counter', 'state'] as const;
const reservedNames: ReadonlySet<string> = new Set(['time', '__proto__', 'constructor', 'prototype']);
let reviewNumber = 0;

interface MachineRow {
  machine: ProposedMachine;
  take: HTMLInputElement;
  key: HTMLInputElement;
  name: HTMLInputElement;
  place: HTMLInputElement;
}

interface PropertyRow {
  property: ProposedProperty;
  take: HTMLInputElement;
  name: HTMLInputElement;
  unit: HTMLInputElement;
  kind: HTMLSelectElement;
}

/**
 * Shows proposed types with their machines and signals as tables in which everything can be changed or left out. Choose it wherever
 * machines are proposed; what is done with the choice is the caller's affair.
 */
export function reviewMachines(options: ReviewOptions): Review {
  const { host, proposal, text, keysTaken, sites } = options;
  const id = `twinwire-review-${++reviewNumber}`;
  const types: { name: HTMLInputElement; machines: MachineRow[]; properties: PropertyRow[] }[] = [];
  host.replaceChildren();
  const units = document.createElement('datalist');
  units.id = `${id}-units`;
  units.append(...unitSuggestions.map((unit) => new Option(unit, unit)));
  host.append(units);

  const keys = new Set(keysTaken);
  for (const [index, type] of proposal.types.entries()) {
    const machines = proposal.machines.filter((machine) => machine.type === index);
    const part = make('fieldset', 'twinwire-review-type');
    part.append(make('legend', '', countText(machines)));
    const line = make('label', 'twinwire-review-line');
    const name = input(type.name, text('find.typeName'));
    line.append(make('span', '', text('find.typeName')), name);
    part.append(line);
    types.push({ name, machines: machineTable(part, machines), properties: propertyTable(part, type.properties, machines.length) });
    host.append(part);
  }
  host.append(leftPart());

  const siteSelect = document.createElement('select');
  if (sites !== undefined && sites.length !== 1) {
    for (const site of sites) siteSelect.add(new Option(site.name, site.id));
    siteSelect.add(new Option(text('find.newSite'), ''));
    const line = make('label', 'twinwire-review-line');
    line.append(make('span', '', text('find.site')), siteSelect);
    host.append(line);
  }
  const problem = make('div', 'twinwire-problem');
  problem.setAttribute('role', 'status');
  const place = button('fa-sign-in', options.placeText, true);
  place.dataset['part'] = 'place';
  host.append(problem, place, make('div', 'twinwire-hint', options.placeHint));
  const review: Review = { chosen, site: () => (sites?.length === 1 ? (sites[0]?.id ?? '') : siteSelect.value) };
  place.addEventListener('click', () => options.onPlace(review));
  host.oninput = check;
  host.onchange = check;
  check();
  return review;

  function countText(machines: readonly ProposedMachine[]): string {
    const counts = machines.map(({ signals }) => signals);
    const fewest = Math.min(...counts);
    const most = Math.max(...counts);
    if (machines.length === 1) return text('find.ofTypeOne', { signals: most });
    return fewest === most
      ? text('find.ofType', { machines: machines.length, signals: most })
      : text('find.ofTypeSome', { machines: machines.length, fewest, most });
  }

  function input(value: string, label: string, list?: string): HTMLInputElement {
    const element = document.createElement('input');
    element.type = 'text';
    element.value = value;
    element.autocomplete = 'off';
    element.spellcheck = false;
    element.setAttribute('aria-label', label);
    element.title = value;
    if (list !== undefined) element.setAttribute('list', list);
    return element;
  }

  function tick(label: string): HTMLInputElement {
    const element = document.createElement('input');
    element.type = 'checkbox';
    element.checked = true;
    element.setAttribute('aria-label', label);
    element.title = label;
    return element;
  }

  /** A table with a tick in front of each row, and one for all. */
  function table(columns: readonly string[], className: string): { list: HTMLElement; rows: HTMLElement; ticks: HTMLInputElement[] } {
    const list = make('div', `twinwire-list ${className}`);
    const head = make('div', 'twinwire-list-head twinwire-list-cells');
    const ticks: HTMLInputElement[] = [];
    const all = tick(text('find.takeAll'));
    all.addEventListener('change', () => {
      for (const each of ticks) each.checked = all.checked;
    });
    head.append(all, ...columns.map((column) => make('span', '', text(`find.${column}`))));
    const rows = make('div', 'twinwire-list-rows');
    list.append(head, rows);
    return { list, rows, ticks };
  }

  function machineTable(part: HTMLElement, machines: readonly ProposedMachine[]): MachineRow[] {
    const { list, rows, ticks } = table(['key', 'name', 'place'], 'twinwire-review-machines');
    part.append(make('div', 'twinwire-review-title', text('find.machines')), list);
    return machines.map((machine) => {
      const proposed = proposeFreeKey(machine.name, keys) || proposeFreeKey('machine', keys);
      keys.add(proposed);
      const row: MachineRow = {
        machine,
        take: tick(text('find.take')),
        key: input(proposed, text('find.key')),
        name: input(machine.name, text('find.name')),
        place: input(machine.place, text('find.place')),
      };
      ticks.push(row.take);
      const cells = make('div', 'twinwire-list-row twinwire-list-cells');
      cells.append(row.take, row.key, row.name, row.place);
      rows.append(cells);
      return row;
    });
  }

  function propertyTable(part: HTMLElement, properties: readonly ProposedProperty[], machines: number): PropertyRow[] {
    const { list, rows, ticks } = table(['name', 'unit', 'kind'], 'twinwire-review-properties');
    const more = make('details', 'twinwire-more');
    more.append(make('summary', '', text('find.properties', { count: properties.length })), list);
    part.append(more);
    return properties.map((property) => {
      const kind = document.createElement('select');
      for (const each of kinds) kind.add(new Option(text(`find.kinds.${each}`), each));
      kind.value = property.kind;
      kind.setAttribute('aria-label', text('find.kind'));
      const row: PropertyRow = {
        property,
        take: tick(text('find.take')),
        name: input(property.name, text('find.name')),
        unit: input(property.unit, text('find.unit'), units.id),
        kind,
      };
      row.name.title = property.label;
      ticks.push(row.take);
      const cells = make('div', 'twinwire-list-row twinwire-list-cells');
      cells.append(row.take, row.name, row.unit, row.kind);
      if (property.machines < machines) cells.append(make('span', 'twinwire-review-note', text('find.missing', { count: property.machines, machines })));
      rows.append(cells);
      return row;
    });
  }

  function leftPart(): HTMLElement {
    const { count, reasons, first } = proposal.left;
    if (count === 0) return make('p', 'twinwire-explain', text('find.leftNone'));
    const more = make('details', 'twinwire-more');
    const told = Object.entries(reasons).map(([reason, number]) => `${number} ${text(`find.reason.${reason}`)}`).join(', ');
    more.append(make('summary', '', `${count === 1 ? text('find.leftOne') : text('find.left', { count })} (${told})`));
    for (const { address, reason } of first) {
      const line = make('div', 'twinwire-review-left');
      line.append(make('code', '', address), make('span', '', ` ${text(`find.reason.${reason}`)}`));
      more.append(line);
    }
    return more;
  }

  function chosen(): ChosenType[] {
    return types
      .map(({ name, machines, properties }): ChosenType => ({
        name: name.value.trim(),
        machines: machines.filter(({ take }) => take.checked).map((row) => ({
          ...renamed(row.machine, properties), key: row.key.value.trim(), name: row.name.value.trim(), place: row.place.value.trim(),
        })),
        properties: properties.filter(({ take }) => take.checked).map((row) => ({
          ...row.property, name: row.name.value.trim(), unit: row.unit.value.trim(), kind: row.kind.value as ProposedProperty['kind'],
        })),
      }))
      .filter(({ machines, properties }) => machines.length > 0 && properties.length > 0);
  }

  /** A machine's own addresses under the names that the properties have now; those of properties left out are gone. */
  function renamed(machine: ProposedMachine, properties: readonly PropertyRow[]): ProposedMachine {
    const own = new Map(Object.entries(machine.addresses));
    const lacking = new Set(machine.lacks);
    const taken = properties.filter(({ take }) => take.checked);
    return {
      ...machine,
      addresses: Object.fromEntries(taken.flatMap(({ property, name }) => {
        const address = own.get(property.name);
        return address === undefined ? [] : [[name.value.trim(), address]];
      })),
      lacks: taken.filter(({ property }) => lacking.has(property.name)).map(({ name }) => name.value.trim()),
    };
  }

  function firstProblem(): { text: string; input?: HTMLElement } | undefined {
    const used = new Set(keysTaken);
    let any = false;
    for (const { name, machines, properties } of types) {
      const takenMachines = machines.filter(({ take }) => take.checked);
      const takenProperties = properties.filter(({ take }) => take.checked);
      if (takenMachines.length === 0 || takenProperties.length === 0) continue;
      any = true;
      if (name.value.trim() === '') return { text: text('find.problem.typeName'), input: name };
      for (const { key, name: shown } of takenMachines) {
        const value = key.value.trim();
        if (value === '' || value.length > 100 || /[\s/#+]/.test(value)) return { text: text('find.problem.key', { name: shown.value }), input: key };
        if (used.has(value)) return { text: text('find.problem.keyTwice', { key: value }), input: key };
        used.add(value);
      }
      const names = new Set<string>();
      for (const { property, name: input } of takenProperties) {
        const value = input.value.trim();
        if (value === '' || value.length > 60) return { text: text('find.problem.property', { label: property.label }), input };
        if (reservedNames.has(value)) return { text: text('find.problem.propertyReserved', { name: value }), input };
        if (names.has(value)) return { text: text('find.problem.propertyTwice', { name: value }), input };
        names.add(value);
      }
    }
    return any ? undefined : { text: text('find.problem.none') };
  }

  function check(): void {
    const found = firstProblem();
    for (const marked of host.querySelectorAll('.input-error')) marked.classList.remove('input-error');
    found?.input?.classList.add('input-error');
    problem.textContent = found?.text ?? '';
    place.disabled = found !== undefined;
  }
}
