import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { causeWatch } from '../../bench/causeWatch.ts';
import { chainSpeed } from '../../bench/chainSpeed.ts';
import { detectionSpeed } from '../../bench/detectionSpeed.ts';
import { detectionStream } from '../../bench/detectionStream.ts';
import { tuningSeeds } from '../../bench/labelledStream.ts';
import { growthOf, memoryUse } from '../../bench/memoryUse.ts';
import { prognosisTable } from '../../bench/prognosisTable.ts';
import { storeSpeed } from '../../bench/storeSpeed.ts';
import { writePath } from '../../bench/writePath.ts';
import { zooTable } from '../../bench/zooTable.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { requireService } from '../services/requireService.ts';

/** Runs every bench with tiny sizes: that it measures what it says, not how fast this machine is. */
describe('benches', function () {
  this.timeout(120_000);
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const table = (): string[] => lines.filter((line) => line.startsWith('|'));

  before(() => {
    assert.ok(existsSync(path.join(packageRoot, 'dist/nodes')), 'dist/ is missing: run npm run build first.');
  });
  beforeEach(() => {
    lines.length = 0;
  });

  it('chain: single messages and batches go through both chains, judged by an armed baseline', async () => {
    const cases = [{ signals: 1, rows: 1 }, { signals: 3, rows: 1 }, { signals: 2, rows: 50 }];
    const results = await chainSpeed(print, { cases, warmUpRows: 3_000, signalsPerSlice: 200, slices: 3 });
    assert.deepEqual(results.map(({ signals, rows }) => ({ signals, rows })), cases);
    for (const result of results) {
      assert.ok(result.chain > 0 && result.passThrough > 0, JSON.stringify(result));
      assert.equal(result.phase, 'armed');
      assert.equal(result.historyDropped, 0);
    }
    // Two heads with their rules, and in each a line per case.
    assert.equal(table().length, 2 * (2 + cases.length));
  });

  it('cause watch: every part of every station is followed and every second looked at, and the watch has learned', async () => {
    const costs = await causeWatch(print, 500);
    assert.deepEqual(costs.map(({ partsPerSecond, looks }) => [partsPerSecond, looks]), [[1, 500], [10, 50], [100, 5]]);
    for (const { trackingUs, watchUs } of costs) assert.ok(trackingUs > 0 && watchUs >= 0, `${trackingUs} ${watchUs}`);
    assert.equal(table().length, 2 + costs.length);
  });

  it('memory: twins have learned; the heap is looked at as often as asked', async () => {
    const result = await memoryUse(print, { twins: 8, signals: 2, rowsPerTwin: 400, longRunMessages: 4_000, looks: 4 });
    assert.ok(Number.isFinite(result.bytesPerTwin) && result.outsideBytesPerTwin > 0, JSON.stringify(result));
    assert.deepEqual(result.looks.map(({ messages }) => messages), [1_000, 2_000, 3_000, 4_000]);
  });

  it('memory: growth is the slope of the heap over the messages', () => {
    const looks = Array.from({ length: 10 }, (_, index) => ({ messages: index * 1_000, bytes: 1e6 + index * 8_000 }));
    assert.ok(Math.abs(growthOf(looks).bytesPerMessage - 8) < 1e-9);
    assert.ok(growthOf(looks.map(({ messages }) => ({ messages, bytes: 1e6 }))).bytesPerMessage === 0);
  });

  it('stream: a line for each detector and stream', async () => {
    const summaries = await detectionStream(print, tuningSeeds.slice(0, 1));
    assert.equal(table().length, 2 + summaries.length);
    assert.ok(summaries.some(({ name }) => name.startsWith('twinwire')));
  });

  it('prognosis: a line for each set', async () => {
    const [row] = await prognosisTable(print, { runs: 14 });
    assert.equal(table().length, 2 + 1);
    assert.ok(row !== undefined && row.likeTest < row.byAge && row.asked > 60, JSON.stringify(row));
  });

  it('zoo: a machine without a fault and with eight', async () => {
    const [row] = await zooTable(print, { seeds: [1], faultSeeds: 1, only: 'season' });
    assert.equal(table().length, 2 + 2);
    assert.ok(row !== undefined && row.asked > 9 && row.events === 8 && row.found > 0, JSON.stringify(row));
    assert.equal([...row.called.values()].reduce((sum, one) => sum + one, 0), row.seen);
  });

  it('detection: a line for each width', async () => {
    const speeds = await detectionSpeed(print, 2_000);
    assert.equal(table().length, 2 + speeds.length);
  });

  it('store: history and outbox are written', async () => {
    const speed = await storeSpeed(print, { points: 2_000, records: 100, alone: 3 });
    assert.ok(speed.historyPointsPerSecond > 0 && speed.outboxRecordsPerSecond > 0 && speed.outboxMillisecondsAlone > 0);
  });

  describe('beside InfluxDB', () => {
    before(requireService('influxd'));

    it('write path: everything arrives by each way', async () => {
      const speeds = await writePath(print, { batches: 2, signals: [2] });
      assert.equal(speeds.length, 4);
      for (const { name, stored, microsecondsPerValue } of speeds) {
        assert.equal(stored, 2 * 2 * 1000, name);
        assert.ok(microsecondsPerValue > 0, name);
      }
      assert.equal(table().length, 2 + speeds.length);
    });
  });
});
