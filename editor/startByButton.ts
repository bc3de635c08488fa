import type { Form } from './form.ts';
import { request } from './request.ts';
import { withoutMarkup } from './text.ts';

/**
 * What a node's button does: asks its admin route to begin, and says what came of it.
 * @param texts where the dialog has the sentences `done`, `notDeployed` and `failed`: "start", "ask"
 */
export function startByButton(dialog: Form, node: EditorNode, route: string, texts: string): void {
  const name = withoutMarkup(node.name || dialog.text('name'));
  void request<unknown>('POST', route, {}).then((answer) => {
    if (answer.ok) RED.notify(dialog.text(`${texts}.done`, { name }), { type: 'success', timeout: 3000 });
    else if (answer.status === 404) RED.notify(dialog.text(`${texts}.notDeployed`, { name }), 'warning');
    else RED.notify(withoutMarkup(answer.text) || dialog.text(`${texts}.failed`, { name, status: answer.status }), 'error');
  });
}
