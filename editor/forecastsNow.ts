import type { Form } from './form.ts';
import { make } from './rowList.ts';
import { request } from './request.ts';

/** What the running node says of its machines now, a sentence each, with what became of earlier forecasts. */
export async function showForecasts(dialog: Form, host: HTMLElement, nodeId: string): Promise<void> {
  const got = await request<{ text: string }[]>('GET', `twinwire/forecast/${encodeURIComponent(nodeId)}/now`);
  if (!host.isConnected || !got.ok || got.value.length === 0) return;
  host.replaceChildren(make('strong', '', dialog.text('now')), ...got.value.map(({ text }) => make('p', '', text)));
}
