import { hasPart, replacePart } from '../contract/anotherMachine.ts';
import { prepareAnother } from './anotherMachine.ts';
import type { Template } from './anotherMachine.ts';
import type { AssetAddresses } from './assetAddresses.ts';
import type { Form, OpenForm } from './form.ts';
import { placeAnother } from './placeAnother.ts';
import { fillPlaceholders } from './typeProperties.ts';

/** "Add another like this" in twin-asset's dialog: places a twin-asset below this one. */
export function prepareAnotherAsset(dialog: Form, open: OpenForm, node: EditorNode, addresses: AssetAddresses): void {
  const template = (): Template => {
    const placeholders = new Map(addresses.placeholders().map((row) => [String(row['name']), String(row['value'])]));
    const mapped = [...addresses.mapped()].filter(([, property]) => property !== '');
    const byHand = new Set(mapped.map(([, property]) => property));
    const patterns = addresses.properties().filter(({ name, address }) => address !== '' && !byHand.has(name)).map(({ address }) => address);
    return {
      name: open.value('name'),
      placeholders: [...placeholders.values()],
      addresses: mapped.map(([address]) => address),
      addressesOf: (from, to) => [
        ...patterns.filter((pattern) => [...placeholders].some(([name, value]) => pattern.includes(`{${name}}`) && hasPart(value, from))).map((pattern) =>
          fillPlaceholders(pattern, new Map([...placeholders].map(([name, value]) => [name, replacePart(value, from, to)])))),
        ...mapped.map(([address]) => address).filter((address) => hasPart(address, from)).map((address) => replacePart(address, from, to)),
      ],
    };
  };
  prepareAnother({
    host: open.element('another'),
    template,
    node,
    heardUrl: `twinwire/asset/${encodeURIComponent(node.id)}/addresses`,
    heard: (answer) => (answer as { addresses: { address: string }[] }).addresses.map(({ address }) => address),
    text: dialog.text,
    onPlace(choice) {
      $('#node-dialog-ok').trigger('click');
      // After the dialog's own change, so that undo takes the new machine away first.
      setTimeout(() => {
        placeAnother(node, choice);
        RED.notify(dialog.text('another.placed', { name: choice.name.replace(/[<&]/g, '') }), { type: 'success', timeout: 8000 });
      }, 300);
    },
  });
}
