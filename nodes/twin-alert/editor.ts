import { fields } from './config.ts';
import { checkQuietHour, checkRules, showsRuleField } from '../../editor/alarmRuleChecks.ts';
import { showAnswer } from '../../editor/answer.ts';
import { form } from '../../editor/form.ts';
import { request } from '../../editor/request.ts';
import { prepareQuietExpressions } from '../../editor/quietExpressions.ts';
import type { Row, RowList } from '../../editor/rowList.ts';
import { typeProperties } from '../../editor/typeProperties.ts';

const dialog = form('twin-alert', fields, {
  rules(value) {
    const problems = checkRules(Array.isArray(value) ? (value as Row[]) : [], dialog.text);
    return problems.length === 0 || problems.map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
  },
  quietFrom: (value, node) => checkQuietHour(value, node['quietTo'], dialog.text),
  quietTo: (value, node) => checkQuietHour(value, node['quietFrom'], dialog.text),
});

/** Names of the properties of every type in the editor: any machine may be wired to this node. */
function propertyNames(): string[] {
  const names = new Set<string>();
  RED.nodes.eachConfig((each) => {
    if (each.type === 'twin-type') for (const { name } of typeProperties(each.id)) names.add(name);
    return true;
  });
  return [...names];
}

function typeNames(): string[] {
  const names = new Set<string>();
  RED.nodes.eachConfig((each) => {
    if (each.type === 'twin-type' && typeof each['name'] === 'string' && each['name'] !== '') names.add(each['name']);
    return true;
  });
  return [...names];
}

RED.nodes.registerType('twin-alert', {
  category: 'digital twin',
  color: '#B3D3BE',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-alert.svg',
  align: 'right',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin alert',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    const open = dialog.prepare(this);
    const quiet = prepareQuietExpressions(open, dialog.text, () => rules);
    const rules: RowList = open.list('rules', {
      columns: { property: 'minmax(80px, 1fr)', condition: '152px', limit: '60px', onDelay: '56px' },
      details: [
        { title: 'which', fields: ['name', 'types', 'setpoint', 'unless'], broad: true },
        { title: 'course', fields: ['deadband', 'offDelay', 'latching'] },
        { title: 'rank', fields: ['priority', 'letter', 'acknowledge', 'confirm', 'root'], broad: true },
      ],
      shows: showsRuleField,
      suggestions: { property: propertyNames, setpoint: propertyNames, types: typeNames },
      check: (rows) => [...checkRules(rows, dialog.text), ...quiet.check(rows)],
      onChange: () => quiet.changed(),
    });
    open.list('bits', { columns: { property: 'minmax(90px, 2fr)', does: '200px' }, suggestions: { property: propertyNames } });
    const sections = { 'rules-section': 'rules', 'bits-section': 'bits' } as const;
    for (const [section, list] of Object.entries(sections)) {
      const rows = this[list];
      open.element<HTMLDetailsElement>(section).open = Array.isArray(rows) && rows.length > 0;
    }
    const button = open.element<HTMLButtonElement>('test');
    button.addEventListener('click', async () => {
      button.disabled = true;
      const got = await request<{ ok: boolean }>('POST', `twinwire/alert/${encodeURIComponent(this.id)}/test`, {});
      button.disabled = false;
      const sent = got.ok && got.value.ok;
      showAnswer(open.element('answer'), sent ? 'good' : 'bad', dialog.text(sent ? 'test.sent' : 'test.failed'));
    });
  },
  oneditsave() {
    dialog.save(this);
  },
});
