import { fields } from './config.ts';
import { prepareConnectionTest, showAnswer } from '../../editor/answer.ts';
import { form } from '../../editor/form.ts';
import { request } from '../../editor/request.ts';

const dialog = form('twin-opcua', fields, { url: (value) => /^opc\.tcp:\/\/[^\s/]+/i.test(String(value ?? '')) || dialog.text('check.url') }, true);

RED.nodes.registerType('twin-opcua', {
  category: 'config',
  defaults: dialog.defaults,
  credentials: dialog.credentials,
  icon: 'twin-opcua.svg',
  label() {
    return this.name || String(this['url'] ?? '') || dialog.text('name');
  },
  paletteLabel: 'twin-opcua',
  oneditprepare() {
    const open = dialog.prepare(this);
    const answer = open.element('answer');
    const trust = open.element<HTMLButtonElement>('trust');
    const test = open.element<HTMLButtonElement>('test');
    let fingerprint = '';
    const offer = (found: string): void => {
      fingerprint = found;
      trust.hidden = found === '';
    };
    offer('');
    prepareConnectionTest(dialog, open, this, 'twinwire/opcua/test', (got) => {
      offer(got?.code === 'TWIN_OPCUA_CERTIFICATE' ? (/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(got.text)?.[0] ?? '') : '');
    });
    trust.addEventListener('click', async () => {
      const got = await request<{ ok: boolean; text: string }>('POST', 'twinwire/opcua/trust', { fingerprint });
      if (got.ok && got.value.ok) {
        offer('');
        // Trusted: what comes of it is what the person wants to see next.
        test.click();
      } else showAnswer(answer, 'bad', got.ok ? got.value.text : got.text || dialog.text('test.noAnswer', { status: got.status }));
    });
  },
  oneditsave() {
    dialog.save(this);
  },
});
