import { fields } from './config.ts';
import { proposeKey } from '../../contract/proposeKey.ts';
import { form } from '../../editor/form.ts';
import { checkRelations, prepareRelationTable } from '../../editor/relationTable.ts';
import type { Row } from '../../editor/rowList.ts';
import { pagePeople } from '../../editor/pagePeople.ts';
import { siteOutbox } from '../../editor/siteOutbox.ts';
import { twinsSidebar } from '../../editor/twinsSidebar.ts';

const dialog = form(
  'twin-site',
  fields,
  {
    clockRate: (value) => /^\s*\d+(\.\d+)?\s*$/.test(String(value ?? '1') || '1') || dialog.text('check.clockRate'),
    relations(value) {
      const problems = checkRelations(Array.isArray(value) ? (value as Row[]) : [], dialog.text);
      return problems.length === 0 || problems.slice(0, 5).map(({ index, text }) => `${dialog.text('list.row', { number: index + 1 })}: ${text}`);
    },
    clockOrigin: (value) => {
      const origin = String(value ?? '').trim();
      return origin === '' || /^\d{10,14}$/.test(origin) || !Number.isNaN(Date.parse(origin)) || dialog.text('check.clockOrigin');
    },
  },
  true,
);

RED.nodes.registerType('twin-site', {
  category: 'config',
  defaults: dialog.defaults,
  icon: 'twin-site.svg',
  label() {
    return this.name || dialog.text('name');
  },
  paletteLabel: 'twin-site',
  oneditprepare() {
    const open = dialog.prepare(this);
    prepareRelationTable(open, dialog.text);
    pagePeople(open.element('people'), this.id, dialog.text);
    siteOutbox(open.element('outbox'), this.id, dialog.text);
  },
  oneditsave() {
    // Written down once, so that a site that is renamed later finds its data again.
    const folder = $('#node-config-input-folder');
    if (String(folder.val()).trim() === '') folder.val(`twinwire/${proposeKey(String($('#node-config-input-name').val())) || 'site'}`);
    dialog.save(this);
  },
});

twinsSidebar(dialog.text);
