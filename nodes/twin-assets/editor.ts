import { fields } from './config.ts';
import { prepareFinding } from '../../editor/findMachines.ts';
import { prepareAnotherOfMany } from '../../editor/anotherOfMany.ts';
import { form } from '../../editor/form.ts';
import { prepareHeldNames } from '../../editor/heldNames.ts';
import { checkMachines, checkSettings, prepareMachineList } from '../../editor/machineList.ts';
import { prepareMachineTable } from '../../editor/machineTable.ts';
import { addType, settingRows } from '../../editor/placeMachines.ts';
import type { Row, RowProblem } from '../../editor/rowList.ts';

const rowsOf = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);

function sentences(problems: readonly RowProblem[]): true | string[] {
  return problems.length === 0 || problems.slice(0, 5).map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
}

const dialog = form('twin-assets', fields, {
  machines: (value, node) => (node['source'] === 'file' ? true : sentences(checkMachines(rowsOf(value), dialog.text))),
  settings(value, node) {
    if (node['source'] === 'file') return true;
    return sentences(checkSettings(rowsOf(value), rowsOf(node['machines']), String(node['assetType'] ?? ''), dialog.text));
  },
  file: (value, node) => node['source'] !== 'file' || String(value ?? '').trim() !== '' || dialog.text('check.file'),
  topic: (value) => String(value ?? '').trim() === '' || String(value).split('{machine}').length === 2 || dialog.text('check.topic'),
});

let another: { saved(): void } | undefined;

RED.nodes.registerType('twin-assets', {
  category: 'digital twin',
  color: '#8CC5C5',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 2,
  icon: 'twin-assets.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin assets',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels(index) {
    return dialog.text(index === 0 ? 'port.twins' : 'port.events');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    const leftOut = open.list('leftOut', { columns: { name: '1fr' } });
    const machines = prepareMachineList(dialog, open, this);
    prepareMachineTable(dialog, open, machines);
    another = prepareAnotherOfMany(dialog, open, this, machines);
    prepareHeldNames(dialog, open, this, machines, leftOut);
    prepareFinding(dialog, open, {
      url: `twinwire/assets/${encodeURIComponent(this.id)}/find`,
      ask: () => ({}),
      placeText: dialog.text('find.takeOver'),
      placeHint: dialog.text('find.takeOverHint'),
      onPlace(review, say) {
        const [type, another] = review.chosen();
        if (type === undefined) return;
        if (another !== undefined) {
          say('bad', dialog.text('find.oneType'));
          return;
        }
        const id = addType(type);
        (open.input('assetType') as unknown as HTMLSelectElement).add(new Option(type.name, id));
        open.set('assetType', id);
        open.set('source', 'list');
        const present = machines.read();
        const settings = settingRows(type).map(({ machine, setting, value }) => ({ machine: String(machine), setting: String(setting), value: String(value) }));
        machines.replace({
          machines: [...present.machines, ...type.machines.map(({ key, name, place }) => ({ key, name, place }))],
          settings: [...present.settings, ...settings],
        });
        open.element('review').hidden = true;
        say('good', dialog.text('find.tookOver', { machines: type.machines.length }));
      },
    });
  },
  oneditsave() {
    dialog.save(this);
    another?.saved();
  },
});
