import { proposeFreeKey } from '../contract/proposeKey.ts';
import type { Form, OpenForm } from './form.ts';
import type { OpenMachines } from './machineList.ts';
import { request } from './request.ts';
import { button, make } from './rowList.ts';
import type { RowList } from './rowList.ts';
import { placeholdersOf, typeProperties } from './typeProperties.ts';

interface HeldName {
  name: string;
  count: number;
  addresses: string[];
}

/** Names that wait at the running node: Accept makes a machine of one, Leave out remembers that nobody wants it. */
export function prepareHeldNames(dialog: Form, open: OpenForm, node: EditorNode, machines: OpenMachines, leftOut: RowList): void {
  const { text } = dialog;
  const section = open.element('held-section');
  const host = open.element('held');
  const line = open.element('held-text');
  let names: HeldName[] = [];

  void request<{ names: HeldName[]; addresses: { address: string }[] }>('GET', `twinwire/assets/${encodeURIComponent(node.id)}/held`).then((got) => {
    if (!got.ok || !host.isConnected) return;
    names = got.value.names;
    section.hidden = names.length === 0;
    draw();
  });

  function accept({ name }: HeldName): void {
    const key = proposeFreeKey(name, new Set(machines.read().machines.map((machine) => machine.key))) || `machine-${machines.read().machines.length + 1}`;
    const placeholders = placeholdersOf(typeProperties(machines.typeId()).map(({ address }) => address));
    const [only] = placeholders;
    // Where the type's addresses have one placeholder, the name is what stands for it.
    machines.add({ key, name, place: '' }, placeholders.length === 1 && only !== undefined ? [{ machine: key, setting: only, value: name }] : []);
  }

  function done(one: HeldName): void {
    names = names.filter((other) => other !== one);
    draw();
    (host.querySelector<HTMLElement>('button') ?? open.element('import')).focus();
  }

  function draw(): void {
    line.textContent = names.length === 0 ? text('held.done') : text('held.explain', { number: names.length });
    const all = button('fa-check', text('held.acceptAll', { number: names.length }), true);
    all.dataset['part'] = 'accept-all';
    all.addEventListener('click', () => {
      for (const one of names) accept(one);
      names = [];
      draw();
    });
    host.replaceChildren(
      ...(names.length > 1 ? [all] : []),
      ...names.map((one) => {
        const element = make('div', 'twinwire-heard');
        element.append(make('code', '', one.name), make('span', 'twinwire-heard-value', text('held.values', { number: one.count, addresses: one.addresses.slice(0, 3).join(', ') })));
        const take = button('fa-check', text('held.accept'), true);
        take.setAttribute('aria-label', `${text('held.accept')}: ${one.name}`);
        take.addEventListener('click', () => {
          accept(one);
          done(one);
        });
        const leave = button('fa-ban', text('held.leaveOut'), true);
        leave.setAttribute('aria-label', `${text('held.leaveOut')}: ${one.name}`);
        leave.addEventListener('click', () => {
          leftOut.add({ name: one.name });
          done(one);
        });
        const buttons = make('div', 'twinwire-buttons');
        buttons.append(take, leave);
        element.append(buttons);
        return element;
      }),
    );
  }
}
