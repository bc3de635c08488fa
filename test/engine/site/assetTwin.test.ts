import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { Anomaly, TwinMessage } from '../../../contract/messages.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import type { Site } from '../../../engine/site/site.ts';
import { batch, registration, single, startSite } from './siteFixture.ts';
import type { PumpRow } from './siteFixture.ts';

const startMs = 1_767_225_600_000;

/** A pump at five speeds; the current belongs to the speed. From `faultFrom` on it draws 20 % more. */
function pumpRows(seed: number, count: number, faultFrom = Infinity): PumpRow[] {
  const random = new SeededRandom(seed);
  let speed = 1000;
  return Array.from({ length: count }, (_, index) => {
    if (index % 10 === 0) speed = 1000 + 100 * Math.floor(random.uniform() * 5);
    const current = (speed / 250) * (index >= faultFrom ? 1.2 : 1) + 0.03 * random.normal();
    return { timeMs: startMs + index * 1000, values: { speed, current, vibration: 2 + 0.1 * random.normal(), mode: 'producing' } };
  });
}

function run(site: Site, asset: AssetTwin, rows: readonly PumpRow[]): Anomaly[] {
  return rows.map((row) => {
    const evaluation = asset.evaluate(single(site, asset, row));
    assert.ok(evaluation !== undefined);
    return evaluation.anomaly;
  });
}

async function replaying(key = 'pump'): Promise<{ site: Site; asset: AssetTwin }> {
  const { site } = await startSite({ clock: 'replay' });
  site.addJudge('judge');
  site.register(registration(key));
  return { site, asset: site.asset(key, 'replay') as AssetTwin };
}

describe('AssetTwin', () => {
  it('finds that the current is too high for the speed, and names it', async () => {
    const { site, asset } = await replaying();
    const anomalies = run(site, asset, pumpRows(3, 900, 800)).map((anomaly, index) => ({ index, anomaly }));
    const raised = anomalies.filter(({ anomaly }) => anomaly.verdict === 'anomaly');
    assert.equal(raised.filter(({ index }) => index < 800).length, 0, 'a false alarm');
    const [first] = raised;
    assert.ok(first !== undefined && first.index < 830, `found at ${first?.index}`);
    assert.equal(first.anomaly.signals[0]?.property, 'current');
    assert.match(first.anomaly.reason, /^Motor current /);
    assert.ok(Math.abs(first.anomaly.signals.reduce((sum, signal) => sum + signal.share, 0) - 1) < 1e-9);
  });

  it('gives a batch the verdicts of its rows one by one, however it is cut', async () => {
    const rows = pumpRows(5, 700, 600);
    const one = await replaying();
    const expected = run(one.site, one.asset, rows);
    assert.ok(expected.some((anomaly) => anomaly.verdict === 'anomaly'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 }), async (cuts) => {
        const many = await replaying();
        const verdicts: Anomaly[] = [];
        let at = 0;
        for (let turn = 0; at < rows.length; turn++) {
          const size = cuts[turn % cuts.length] as number;
          const evaluation = many.asset.evaluateBatch(batch(many.site, many.asset, rows.slice(at, at + size)));
          verdicts.push(...(evaluation?.anomaly ?? []));
          at += size;
        }
        assert.deepEqual(verdicts, expected);
      }),
      { numRuns: 10 },
    );
  });

  it('and batches of many rows those of batches of one, with values that are missing, bad, beyond a limit or in another unit, in and out of a mode in which nothing is judged', async () => {
    const random = new SeededRandom(6);
    const rows = pumpRows(8, 1_600, 1_500).map(({ timeMs, values }, index): PumpRow => {
      const { speed, current, vibration } = values as Record<string, number>;
      const mode = index % 700 > 640 ? 'stopped' : index % 500 > 450 ? 'cleaning' : 'producing';
      const row: Record<string, unknown> = { speed, current, vibration, mode };
      if (random.uniform() < 0.03) delete row['vibration'];
      if (random.uniform() < 0.01) row['current'] = [null, 'open', NaN][index % 3];
      if (random.uniform() < 0.005) row['vibration'] = 8;
      if (index >= 1_000 && index < 1_040) row['vibration'] = 1000 * (vibration as number);
      return { timeMs: timeMs + (random.uniform() < 0.005 ? -2_000 : 0), values: row };
    });
    const ready = async (): Promise<{ site: Site; asset: AssetTwin }> => {
      const one = await replaying();
      one.asset.configureBaseline({ drivers: [], offModes: ['Stopped'] });
      return one;
    };
    const [one, many] = [await ready(), await ready()];
    const wanted = rows.flatMap((row) => one.asset.evaluateBatch(batch(one.site, one.asset, [row]))?.anomaly ?? []);
    const expected: unknown[] = [];
    const verdicts: Anomaly[] = [];
    for (let at = 0; at < rows.length;) {
      const size = 1 + Math.floor(200 * random.uniform());
      const evaluation = many.asset.evaluateBatch(batch(many.site, many.asset, rows.slice(at, at + size)));
      verdicts.push(...(evaluation?.anomaly ?? []));
      expected.push(...(evaluation?.expected ?? []));
      at += size;
    }
    for (const [index, anomaly] of wanted.entries()) assert.deepEqual(verdicts[index], anomaly, `row ${index}`);
    assert.ok(expected.length > 1_500 && expected.length === wanted.length);
    assert.deepEqual(many.asset.snapshot(), one.asset.snapshot());
    assert.ok(wanted.some(({ verdict }) => verdict === 'anomaly'));
  });

  it('judges each row once, whichever node asks first', async () => {
    const { site, asset } = await replaying();
    const twice = await replaying();
    for (const row of pumpRows(7, 300)) {
      const once = asset.evaluate(single(site, asset, row));
      const message = single(twice.site, twice.asset, row);
      const first = twice.asset.evaluate(message);
      const second = twice.asset.evaluate(structuredClone(message));
      assert.deepEqual(first, once);
      assert.deepEqual(second?.anomaly, first?.anomaly);
    }
    assert.deepEqual(twice.asset.snapshot(), asset.snapshot());
  });

  it('goes on from its snapshot exactly as if never stopped', async () => {
    const rows = pumpRows(9, 700, 620);
    const whole = await replaying();
    const expected = run(whole.site, whole.asset, rows).slice(500);
    const before = await replaying();
    run(before.site, before.asset, rows.slice(0, 500));
    const after = await replaying();
    assert.equal(after.asset.restore(JSON.parse(JSON.stringify(before.asset.snapshot()))), true);
    assert.deepEqual(run(after.site, after.asset, rows.slice(500)), expected);
  });

  it('neither judges nor learns while the machine is off', async () => {
    const { site, asset } = await replaying();
    asset.configureBaseline({ drivers: [], offModes: ['Stopped'] });
    run(site, asset, pumpRows(11, 400));
    const before = JSON.stringify((asset.snapshot() as { baseline: unknown }).baseline);
    const off = pumpRows(12, 100).map((row, index) => ({ timeMs: startMs + (400 + index) * 1000, values: { ...row.values, speed: 0, current: 0, mode: 'stopped' } }));
    for (const anomaly of run(site, asset, off)) assert.equal(anomaly.verdict, 'normal');
    assert.equal(JSON.stringify((asset.snapshot() as { baseline: unknown }).baseline), before);
    assert.equal(asset.isOff, true);
  });

  it('lets a machine settle after a standstill: a minute, or a quarter of its usual run', async () => {
    const { site, asset } = await replaying();
    asset.configureBaseline({ drivers: [], offModes: ['stopped'] });
    const frozenAfterStop = (fromMs: number): number => {
      run(site, asset, [{ timeMs: fromMs, values: { speed: 0, current: 0, vibration: 0, mode: 'stopped' } }]);
      const rows = pumpRows(33, 200).map((row, index) => ({ timeMs: fromMs + (index + 1) * 1000, values: row.values }));
      return rows.findIndex((row) => Object.keys(asset.evaluate(single(site, asset, row))?.expected ?? {}).length > 0);
    };
    run(site, asset, pumpRows(34, 400));
    assert.equal(frozenAfterStop(startMs + 500_000), 60);
    for (let at = 600_000, stops = 0; stops < 30; at += 20_000, stops++) {
      run(site, asset, [{ timeMs: startMs + at, values: { mode: 'stopped' } }]);
      run(site, asset, pumpRows(35 + stops, 18).map((row, index) => ({ timeMs: startMs + at + (index + 1) * 1000, values: row.values })));
    }
    const frozen = frozenAfterStop(startMs + 1_300_000);
    assert.ok(frozen >= 2 && frozen <= 12, `frozen for ${frozen} s`);
  });

  it('learns nothing from a value beyond an alarm limit', async () => {
    const { site, asset } = await replaying();
    const half = pumpRows(31, 800).map((row, index) => (index % 2 === 0 ? row : { ...row, values: { ...row.values, vibration: 8 } }));
    run(site, asset, half);
    const after = asset.evaluate(single(site, asset, { timeMs: startMs + 801_000, values: { speed: 1000, current: 4, vibration: 2 } }))?.expected.vibration;
    assert.ok(after !== undefined && Math.abs(after.value - 2) < 0.1 && after.high < 3, JSON.stringify(after));
  });

  it('sees a stuck sensor under report by exception, where it simply says nothing any more', async () => {
    const { site, asset } = await replaying();
    const rows = pumpRows(13, 700).map((row, index): PumpRow => {
      if (index < 600) return row;
      const { vibration: _stuck, ...others } = row.values;
      return { timeMs: row.timeMs, values: others };
    });
    const anomalies = run(site, asset, rows);
    const found = anomalies.findIndex((anomaly) => anomaly.verdict === 'anomaly');
    assert.ok(found >= 600 && found < 660, `found at ${found}`);
    assert.equal(anomalies[found]?.signals[0]?.property, 'vibration');
    assert.equal(anomalies[found]?.signals[0]?.kind, 'stuck');
  });

  it('forgets on request and says that it learns', async () => {
    const { site, asset } = await replaying();
    run(site, asset, pumpRows(15, 400));
    assert.notEqual(asset.progress().phase, 'learning');
    asset.learnAgain();
    assert.equal(asset.progress().phase, 'learning');
    assert.equal(asset.evaluate(single(site, asset, { timeMs: startMs + 401_000, values: { speed: 1000, current: 4 } }))?.expected.current, undefined);
  });

  it('keeps a stored state of bounded size, however long it runs', async () => {
    const { site, asset } = await replaying();
    run(site, asset, pumpRows(17, 2000));
    const early = JSON.stringify(asset.snapshot()).length;
    run(site, asset, pumpRows(18, 8000).map((row) => ({ ...row, timeMs: row.timeMs + 2_000_000 })));
    const bytes = JSON.stringify(asset.snapshot()).length;
    assert.ok(bytes < early * 1.2 && bytes < 40_000, `${early} bytes after 2,000 rows, ${bytes} after 10,000`);
  });

  it('keeps nothing of a message', async () => {
    const { site, asset } = await replaying();
    const messages: TwinMessage[] = [];
    for (const row of pumpRows(19, 300)) {
      const message = single(site, asset, row);
      messages.push(message);
      asset.evaluate(message);
      message.payload.current = 1e9;
      message.quality.current = 'bad';
      message.updated.length = 0;
    }
    const value = asset.evaluate(single(site, asset, { timeMs: startMs + 300_000, values: { speed: 1000, current: 4, vibration: 2 } }))?.expected.current?.value ?? NaN;
    assert.ok(Math.abs(value - 4) < 0.2, String(value));
  });
});
