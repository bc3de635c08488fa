import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { request } from '../../editor/request.ts';
import { withoutMarkup } from '../../editor/text.ts';

const dialog = form('twin-replay', fields);

RED.nodes.registerType('twin-replay', {
  category: 'digital twin',
  color: '#B6CBDC',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-replay.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin replay',
  inputLabels() {
    return dialog.text('port.input');
  },
  outputLabels() {
    return dialog.text('port.output');
  },
  button: {
    enabled() {
      return this.changed !== true;
    },
    visible() {
      return this['source'] === 'history' || String(this['file'] ?? '') !== '';
    },
    onclick() {
      const label = withoutMarkup(this.name || dialog.text('name'));
      void request<unknown>('POST', `twinwire/replay/${encodeURIComponent(this.id)}/start`, {}).then((answer) => {
        if (answer.ok) RED.notify(dialog.text('start.done', { name: label }), { type: 'success', timeout: 3000 });
        else if (answer.status === 404) RED.notify(dialog.text('start.notDeployed', { name: label }), 'warning');
        else RED.notify(withoutMarkup(answer.text) || dialog.text('start.failed', { name: label, status: answer.status }), 'error');
      });
    },
  },
  oneditprepare() {
    dialog.prepare(this);
  },
  oneditsave() {
    dialog.save(this);
  },
});
