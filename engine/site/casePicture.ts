import type { TwinCase } from '../../contract/messages.ts';
import type { AssetTwin } from './assetTwin.ts';
import { signalPicture } from './signalPicture.ts';
import type { SignalPicture } from './signalPicture.ts';
import type { Site } from './site.ts';

const beforeMs = 30 * 60_000;
const longestMs = 24 * 3_600_000;
const pointsRead = 20_000;
/** Two to a stretch: its lowest and highest. */
const stretches = 120;

/**
 * The case's biggest signal with its expected band, from half an hour before it began (at most a day) until now.
 * @returns undefined where no signal is a number, or too little of it is recorded
 */
export async function casePicture(site: Site, asset: AssetTwin, { signals, sinceMs, changedMs }: Pick<TwinCase, 'signals' | 'sinceMs' | 'changedMs'>): Promise<SignalPicture | undefined> {
  const signal = signals.find(({ value, kind }) => typeof value === 'number' && kind !== 'dropout');
  if (signal === undefined || !Number.isFinite(changedMs)) return undefined;
  const { property } = signal;
  const fromMs = Math.max(sinceMs - beforeMs, changedMs - longestMs);
  const recorded = await site.historian.range(asset.key, property, fromMs, changedMs + 1, pointsRead);
  const points = thinned(recorded.map(({ timeMs, value, quality }) => ({ timeMs, value: typeof value === 'number' && quality !== 'bad' ? value : null })), fromMs, changedMs);
  // What was just told may not be written yet.
  const last = points.at(-1);
  if (typeof signal.value === 'number' && (last === undefined || last.timeMs < changedMs)) points.push({ timeMs: changedMs, value: signal.value });
  const bands = asset.bands(property);
  const first = bands.findLastIndex(({ timeMs }) => timeMs <= fromMs);
  const { label, unit } = asset.naming(property);
  return signalPicture({ label, unit, language: asset.language, points, bands: bands.slice(Math.max(0, first)), abnormalFromMs: sinceMs });
}

function thinned(points: readonly { timeMs: number; value: number | null }[], fromMs: number, toMs: number): { timeMs: number; value: number | null }[] {
  if (points.length <= 2 * stretches) return [...points];
  const kept: { timeMs: number; value: number | null }[] = [];
  const lengthMs = (toMs - fromMs) / stretches;
  for (let index = 0; index < points.length;) {
    const end = fromMs + lengthMs * (Math.floor(((points[index]?.timeMs ?? 0) - fromMs) / lengthMs) + 1);
    let low = index;
    let high = index;
    let next = index;
    for (; next < points.length && (next === index || (points[next]?.timeMs ?? 0) < end); next += 1) {
      const value = points[next]?.value ?? null;
      if (value === null) continue;
      if (value < (points[low]?.value ?? Infinity)) low = next;
      if (value > (points[high]?.value ?? -Infinity)) high = next;
    }
    for (const place of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) kept.push(points[place] as { timeMs: number; value: number | null });
    index = next;
  }
  return kept;
}
