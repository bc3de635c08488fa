import assert from 'node:assert/strict';
import type { LineState } from '../../../engine/process/lineStates.ts';
import { recordedModel } from '../../../engine/process/recordedModel.ts';
import type { StationRecord } from '../../../engine/process/stationRecord.ts';
import { meanOf } from '../../../engine/simulation/distribution.ts';

const lastMs = 3_600_000;

/** A station that counts a part each half second, read every 15 s. */
function station(key: string, before: string[], more: Partial<StationRecord> = {}, states: readonly LineState[] = ['producing']): StationRecord {
  const times = Float64Array.from({ length: 241 }, (_, index) => 15_000 * index);
  const lengthMs = lastMs / states.length;
  return {
    key, before, bad: [], parts: { times, values: times.map((timeMs) => timeMs / 500) },
    stretches: states.map((state, index) => ({ station: key, fromMs: index * lengthMs, toMs: (index + 1) * lengthMs, state, reason: '' })), ...more,
  };
}

describe('the model of a line from its record', () => {
  const cycles = (stations: readonly StationRecord[]): [rated: string[], waits: string[], seconds: number[]] => {
    const { fitted, rated, neverWaits } = recordedModel({ fromMs: 0, toMs: lastMs, stations, operators: 0, plannedHours: 24 });
    const seconds = fitted.model.blocks.flatMap((block) => (block.kind === 'station' ? [Math.round(1000 * meanOf(block.cycle)) / 1000] : []));
    return [rated.map(({ station: key }) => key), neverWaits, seconds];
  };

  it('a line that moves as one: who is entered as faster is, who is not may hold waits', () => {
    assert.deepEqual(cycles([station('a', [], { idealS: 0.4 }), station('b', ['a']), station('c', ['b'], { idealS: 0.499 })]), [['a'], ['b', 'c'], [0.4, 0.5, 0.5]]);
  });

  it('who was seen waiting has told its working time itself', () => {
    const [rated, waits, [, second]] = cycles([station('a', []), station('b', ['a'], { idealS: 0.3 }, ['producing', 'starved', 'producing', 'starved'])]);
    assert.deepEqual([rated, waits], [[], ['a']]);
    assert.ok(second! > 0.4, String(second));
  });
});
