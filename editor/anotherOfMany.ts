import { hasPart, replacePart } from '../contract/anotherMachine.ts';
import { isNumberSetting, settingMeaning } from '../contract/machineSettings.ts';
import { proposeFreeKey } from '../contract/proposeKey.ts';
import { prepareAnother } from './anotherMachine.ts';
import type { AnotherChoice, Template } from './anotherMachine.ts';
import { showAnswer } from './answer.ts';
import type { Form, OpenForm } from './form.ts';
import type { OpenMachines } from './machineList.ts';
import { keysInFlows } from './placeMachines.ts';
import { extendSources } from './placeAnother.ts';
import { fillPlaceholders, typeProperties } from './typeProperties.ts';

/** "Add another like this" in twin-assets' dialog: a row like the last one, with its settings. What its sources must read follows on Done. */
export function prepareAnotherOfMany(dialog: Form, open: OpenForm, node: EditorNode, machines: OpenMachines): { saved(): void } {
  const added: AnotherChoice[] = [];
  const template = (): Template | undefined => {
    const { machines: rows, settings } = machines.read();
    const machine = rows.at(-1);
    if (machine === undefined) return undefined;
    const own = settings.filter((row) => row.machine === machine.key);
    const placeholders = new Map(own.filter(({ setting }) => settingMeaning(setting).kind === 'placeholder').map(({ setting, value }) => [setting, value]));
    const mapped = new Map(own.flatMap(({ setting, value }) => {
      const meaning = settingMeaning(setting);
      return meaning.kind === 'property' && meaning.what === 'address' ? [[meaning.property, value] as const] : [];
    }));
    const patterns = typeProperties(machines.typeId()).filter(({ name, address }) => address !== '' && !mapped.has(name)).map(({ address }) => address);
    return {
      name: machine.name,
      placeholders: [...placeholders.values()],
      addresses: [...mapped.values()],
      addressesOf(from, to) {
        const next = new Map([...placeholders].map(([name, value]) => [name, replacePart(value, from, to)]));
        const differs = (pattern: string): boolean => [...placeholders].some(([name, value]) => pattern.includes(`{${name}}`) && hasPart(value, from));
        return [
          ...patterns.filter(differs).map((pattern) => fillPlaceholders(pattern, next)),
          ...[...mapped.values()].filter((address) => hasPart(address, from)).map((address) => replacePart(address, from, to)),
        ];
      },
    };
  };
  prepareAnother({
    host: open.element('another'),
    template,
    node,
    heardUrl: `twinwire/assets/${encodeURIComponent(node.id)}/held`,
    heard: (answer) => (answer as { addresses: { address: string }[] }).addresses.map(({ address }) => address),
    text: dialog.text,
    onPlace(choice) {
      const { machines: rows, settings } = machines.read();
      const machine = rows.at(-1);
      if (machine === undefined) return;
      const key = proposeFreeKey(choice.name, new Set([...keysInFlows(), ...rows.map((row) => row.key)])) || `machine-${rows.length + 1}`;
      // Whom the last machine feeds is its own affair.
      const own = settings.filter((row) => row.machine === machine.key && settingMeaning(row.setting).kind !== 'feeds');
      machines.add({ ...machine, key, name: choice.name }, own.map((row) => ({
        ...row, machine: key, value: isNumberSetting(row.setting) ? row.value : replacePart(row.value, choice.from, choice.to),
      })));
      added.push(choice);
      showAnswer(open.element('table-answer'), 'good', dialog.text('another.added', { name: choice.name }));
    },
  });
  return {
    saved() {
      const choices = added.splice(0);
      if (choices.length === 0) return;
      // After the dialog's own change, so that undo takes this away first.
      setTimeout(() => {
        const dirty = RED.nodes.dirty();
        const events = choices.flatMap((choice) => extendSources(node, choice));
        if (events.length === 0) return;
        RED.history.push({ t: 'multi', events, dirty });
        RED.nodes.dirty(true);
        RED.view.redraw(true);
      }, 300);
    },
  };
}
