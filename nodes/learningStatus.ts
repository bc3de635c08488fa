import type { AssetTwin } from '../engine/site/assetTwin.ts';
import { formatDuration } from '../engine/time/duration.ts';
import type { Language } from '../engine/site/sentences.ts';
import type { Status } from './red.d.ts';
import { status } from './status.ts';

/** How well a machine is watched: off, somewhere it never ran, guarded, learning, provisional or armed, with how long it will take. */
export function learningStatus(asset: AssetTwin, language: Language): Status {
  const { phase, watch = phase, percent, etaMs, unseen } = asset.progress();
  if (asset.isOff) return status('frozen', language, { state: asset.twin.state });
  if (unseen === true && watch !== 'guard') return status('unseen', language);
  if (watch === 'armed' || watch === 'frozen') return status('armed', language);
  const values = { percent: Math.min(99, Math.floor(percent)), left: etaMs === undefined ? '' : formatDuration(Math.max(60_000, Math.ceil(etaMs / 60_000) * 60_000), language) };
  if (watch === 'guard') return status(etaMs === undefined ? 'guard' : 'guardLeft', language, values);
  if (watch === 'provisional') return status(etaMs === undefined ? 'provisional' : 'provisionalLeft', language, values);
  return status(etaMs === undefined ? 'learning' : 'learningLeft', language, values);
}
