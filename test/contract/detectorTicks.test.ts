import assert from 'node:assert/strict';
import { detectorTicks } from '../../contract/detectorTicks.ts';
import { chartKinds } from '../../engine/detectors/index.ts';
import { fields } from '../../nodes/twin-anomaly/config.ts';

describe('ticks of twin-anomaly', () => {
  it('there is one for each kind of finding, and a field for each tick', () => {
    assert.deepEqual([...new Set<string>(Object.values(detectorTicks))].sort(), [...new Set<string>(chartKinds)].sort());
    for (const tick of Object.keys(detectorTicks)) assert.ok(Object.hasOwn(fields, tick), tick);
  });
});
