/** The files of a new node, by their path. It passes a message on unchanged, and counts it: enough to be tested, and to be replaced. */
export function nodeTemplate(type: string): Map<string, string> {
  const words = type.replace(/^twin-/, '');
  const camel = type.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  const pascal = `construct${camel.slice('twin'.length)}`;
  const files = new Map<string, string>();

  files.set(
    `nodes/${type}/config.ts`,
    `import type { Fields } from '../../contract/fields.ts';

/** Passes messages on. Say here in one sentence what the node does. */
export const fields = {
  name: { kind: 'text', default: '', maximumLength: 100 },
  /** Every how many messages one is passed on. */
  every: { kind: 'number', default: 1, minimum: 1, maximum: 1000, integer: true },
} as const satisfies Fields;
`,
  );

  files.set(
    `nodes/${type}/runtime.ts`,
    `import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { onInput, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

export default function ${camel}(RED: Runtime): void {
  RED.nodes.registerType('${type}', function ${pascal}(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    let count = 0;
    onInput(twin, undefined, (message, send) => {
      count++;
      if (count % twin.config.every === 0) send(message);
    });
  });
}
`,
  );

  files.set(
    `nodes/${type}/editor.ts`,
    `import { fields } from './config.ts';
import { form } from '../../editor/form.ts';

const dialog = form('${type}', fields);

RED.nodes.registerType('${type}', {
  category: 'digital twin',
  color: '#B9C9CF',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: '${type}.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: '${type}',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
`,
  );

  files.set(`nodes/${type}/editor.html`, '<field name="name" icon="fa-tag">\n<field name="every" icon="fa-repeat">\n');

  const labels = (label: string, hint: string, input: string, output: string): string =>
    `${JSON.stringify({ name: type, label: { every: label }, hint: { every: hint }, port: { input, output } }, null, 2)}\n`;
  files.set(`nodes/${type}/locales/en-US/labels.json`, labels('Pass on every', '1: each message. 10: every tenth.', 'any message', 'the same message'));
  files.set(`nodes/${type}/locales/de/labels.json`, labels('Weitergeben jede', '1: jede Nachricht. 10: jede zehnte.', 'beliebige Nachricht', 'dieselbe Nachricht'));

  files.set(
    `nodes/${type}/locales/en-US/help.md`,
    `Passes messages on, all of them or only some of them.

### Inputs

: payload (any) : what is to be passed on.

### Outputs

: payload (any) : the same, unchanged.

### Properties

: Pass on every (number) : 1 passes each message on, 10 every tenth.

### Details

Say here what somebody must know who uses the node for the first time.
`,
  );
  files.set(
    `nodes/${type}/locales/de/help.md`,
    `Gibt Nachrichten weiter, alle oder nur einen Teil von ihnen.

### Eingänge

: payload (beliebig) : was weitergegeben werden soll.

### Ausgänge

: payload (beliebig) : dasselbe, unverändert.

### Eigenschaften

: Weitergeben jede (Zahl) : 1 gibt jede Nachricht weiter, 10 jede zehnte.

### Einzelheiten

Hier steht, was wissen muss, wer den Knoten zum ersten Mal benutzt.
`,
  );

  const stroke = 'stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" fill="none"';
  files.set(
    `icons/${type}.svg`,
    `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="60" viewBox="0 0 40 60"><path ${stroke} d="M8 30h22M22 21l9 9-9 9"/></svg>\n`,
  );

  const prefix = `tw-ex-${words}`;
  const example = [
    { id: `${prefix}-tab`, type: 'tab', label: `${type}: what it shows`, disabled: false, info: 'Say in one sentence what this example shows.', env: [] },
    { id: `${prefix}-c1`, type: 'comment', z: `${prefix}-tab`, name: 'Press the button on the left', info: '', x: 190, y: 60, wires: [] },
    {
      id: `${prefix}-in`,
      type: 'inject',
      z: `${prefix}-tab`,
      name: 'one message',
      props: [{ p: 'payload' }],
      repeat: '',
      crontab: '',
      once: false,
      onceDelay: 0.1,
      topic: '',
      payload: '1',
      payloadType: 'num',
      x: 150,
      y: 120,
      wires: [[`${prefix}-node`]],
    },
    { id: `${prefix}-node`, type, z: `${prefix}-tab`, name: '', every: 1, x: 350, y: 120, wires: [[`${prefix}-d1`]] },
    {
      id: `${prefix}-d1`,
      type: 'debug',
      z: `${prefix}-tab`,
      name: 'what came out',
      active: true,
      tosidebar: true,
      console: false,
      tostatus: false,
      complete: 'payload',
      targetType: 'msg',
      x: 560,
      y: 120,
      wires: [],
    },
  ];
  files.set(`examples/${type}.json`, `${JSON.stringify(example, null, 2)}\n`);

  files.set(
    `test/nodes/${camel}.test.ts`,
    `import assert from 'node:assert/strict';
import { readConfig } from '../../contract/fields.ts';
import { fields } from '../../nodes/${type}/config.ts';
import { NodeBench, nodeUnderTest } from '../checks/nodes/nodeBench.ts';
import { loadUnit } from '../checks/nodes/nodeUnit.ts';

describe('${type}', function () {
  this.timeout(20_000);

  it('passes on every second message when told so', async () => {
    const { config } = readConfig(fields, { every: 2 });
    const bench = new NodeBench(await loadUnit('${type}'), new Map(), () => ({ ...config }));
    await bench.open();
    try {
      await bench.completed([1, 2, 3, 4].map((payload) => bench.receive({ payload })));
      assert.deepEqual(bench.sent.filter(({ from }) => from === nodeUnderTest).map(({ message }) => message.payload), [2, 4]);
      assert.deepEqual(bench.errors, []);
    } finally {
      await bench.close();
    }
  });
});
`,
  );
  return files;
}
