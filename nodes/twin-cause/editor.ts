import { fields } from './config.ts';
import { form } from '../../editor/form.ts';
import { request } from '../../editor/request.ts';
import { withoutMarkup } from '../../editor/text.ts';

const dialog = form('twin-cause', fields);

RED.nodes.registerType('twin-cause', {
  category: 'digital twin',
  color: '#A9C7B8',
  defaults: dialog.defaults,
  inputs: 1,
  outputs: 1,
  icon: 'twin-cause.svg',
  label() {
    return this.name || dialog.text('name');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  paletteLabel: 'twin cause',
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
    onclick() {
      const label = withoutMarkup(this.name || dialog.text('name'));
      void request<unknown>('POST', `twinwire/cause/${encodeURIComponent(this.id)}/ask`, {}).then((answer) => {
        if (answer.ok) RED.notify(dialog.text('ask.done', { name: label }), { type: 'success', timeout: 3000 });
        else if (answer.status === 404) RED.notify(dialog.text('ask.notDeployed', { name: label }), 'warning');
        else RED.notify(withoutMarkup(answer.text) || dialog.text('ask.failed', { name: label, status: answer.status }), 'error');
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
