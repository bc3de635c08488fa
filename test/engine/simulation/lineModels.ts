import type { Distribution } from '../../../engine/simulation/distribution.ts';
import type { BlockModel, FailureModel, LineModel, SourceModel, StationModel } from '../../../engine/simulation/lineModel.ts';

export const exponential = (mean: number): Distribution => ({ kind: 'exponential', mean });
export const geometric = (probability: number): Distribution => ({ kind: 'geometric', probability });

export interface ShortStation {
  cycle: Distribution;
  failures?: readonly FailureModel[];
  whenBlocked?: StationModel['whenBlocked'];
}

/** Stations one after the other, named m0, m1 …, with buffers b0, b1 … between them; always another part unless `source` says otherwise. */
export function straightLine(stations: readonly ShortStation[], buffers: readonly number[], source: Partial<SourceModel> = {}): LineModel {
  const blocks: BlockModel[] = [{ kind: 'source', name: 'source', to: 'm0', ...source }];
  for (const [index, station] of stations.entries()) {
    const last = index === stations.length - 1;
    blocks.push({ kind: 'station', name: `m${index}`, to: last ? 'sink' : `b${index}`, ...station });
    if (!last) blocks.push({ kind: 'buffer', name: `b${index}`, to: `m${index + 1}`, places: buffers[index] ?? 0 });
  }
  return { blocks: [...blocks, { kind: 'sink', name: 'sink' }] };
}

/** A queue before one station with `servers` places; `waiting` places in the queue. */
export function queue(every: Distribution, cycle: Distribution, { servers = 1, waiting = Infinity, loses = false } = {}): LineModel {
  return {
    blocks: [
      { kind: 'source', name: 'source', to: 'queue', every, whenFull: loses ? 'lost' : 'waits' },
      { kind: 'buffer', name: 'queue', to: 'server', places: waiting },
      { kind: 'station', name: 'server', to: 'sink', cycle, places: servers },
      { kind: 'sink', name: 'sink' },
    ],
  };
}
