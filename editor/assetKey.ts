import type { Form, OpenForm } from './form.ts';
import { proposeFreeKey } from '../contract/proposeKey.ts';
import type { TextValues } from './text.ts';

/** Keys that other twins of the site use, with what those are called. */
function keysInUse(node: EditorNode, site: string): Map<string, string> {
  const used = new Map<string, string>();
  RED.nodes.eachNode((other) => {
    const key = String(other['key'] ?? '').trim();
    if (other.type === 'twin-asset' && other.id !== node.id && key !== '' && other['site'] === site) used.set(key, other.name || key);
  });
  return used;
}

/** true, or what is wrong with a twin's key. */
export function checkKey(key: string, node: EditorNode, text: (key: string, values?: TextValues) => string): true | string {
  if (/[\s/#+]/.test(key)) return text('check.keyCharacters');
  const other = keysInUse(node, String(node['site'] ?? '')).get(key);
  return other === undefined || text('check.keyTwice', { key, other });
}

/**
 * The key follows the name until someone types one of their own. Once deployed it can't be changed, because everything
 * learned is kept under it; the hint below says so.
 */
export function prepareKey(dialog: Form, open: OpenForm, node: EditorNode): void {
  const input = open.input('key');
  const hint = open.element('key-hint');
  const deployed = (RED.nodes.originalFlow() ?? []).find((one) => one.id === node.id)?.['key'];
  if (typeof deployed === 'string' && deployed !== '' && deployed === input.value) {
    input.readOnly = true;
    hint.textContent = dialog.text('hint.keyFixed');
    return;
  }
  hint.textContent = dialog.text('hint.key');
  const proposal = (): string => proposeFreeKey(open.value('name'), new Set(keysInUse(node, open.value('site')).keys()));
  let own = input.value !== '' && input.value !== proposal();
  input.addEventListener('input', () => {
    own = input.value !== '';
  });
  open.onChange('name', () => {
    if (!own && input.value !== proposal()) open.set('key', proposal());
  });
}
