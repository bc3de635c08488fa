import type { LineStation } from '../contract/line.ts';
import type { Form } from './form.ts';
import { request } from './request.ts';

type Way = Pick<LineStation, 'key' | 'name' | 'transitS' | 'transitParts' | 'transitBy'> & { before: string[] };

/** Says what the running line knows of its ways: "Filler → Sealer: ≈ 42 s, from 310 parts". */
export async function showLearntWays(dialog: Form, host: HTMLElement, nodeId: string): Promise<void> {
  host.textContent = dialog.text('ways.notRunning');
  const got = await request<Way[]>('GET', `twinwire/line/${encodeURIComponent(nodeId)}/ways`);
  if (!host.isConnected || !got.ok || got.value.length === 0) return;
  const told = got.value.map(({ name, before, transitS, transitParts, transitBy }) => {
    const values = { from: before.join(', '), to: name, seconds: transitS === null ? '' : String(Math.round(transitS * 10) / 10), count: transitParts };
    if (transitS === null) return dialog.text('ways.none', values);
    return dialog.text(transitBy === 'setting' || transitBy === 'page' ? 'ways.entered' : 'ways.learnt', values);
  });
  host.textContent = dialog.text('ways.known', { ways: told.join('; ') });
}
