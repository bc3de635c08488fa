import assert from 'node:assert/strict';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { ColumnInfo } from '../../../engine/baselines/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { AnomalyKind } from '../../../engine/detectors/index.ts';
import type { Json } from '../../../engine/ports.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import { takeVerdicts } from '../../../engine/site/alert.ts';
import type { JudgeSettings } from '../../../engine/site/assetTwin.ts';
import { backTest } from '../../../engine/site/backTest.ts';
import { causesText, CauseSizes, isAnomalyAt, withoutSmall } from '../../../engine/site/verdictCauses.ts';
import type { TrialSetting } from '../../../engine/site/verdictCauses.ts';
import { registration, single, startSite } from './siteFixture.ts';

const startMs = 1_767_225_600_000;
const columns: readonly ColumnInfo[] = [{ name: 'current', kind: 'measured' }, { name: 'pressure', kind: 'measured' }];
const whole: TrialSetting = { perWeek: 1, off: [], smallestPercent: 0, together: true };
const alert = { onAnomaly: true, onLimit: false, onStale: false, clearAfterMs: 60_000, repeatAfterMs: 0 };
const same = (perWeek: number): number => perWeek;

describe('what was found in a row', () => {
  it('says what the judge would say with some detectors off: the same as judging it again without them', function () {
    this.timeout(60_000);
    const expectation = newExpectation(2);
    expectation.expected.fill(50);
    expectation.low.fill(48.8);
    expectation.high.fill(51.2);
    expectation.phase.fill(phaseArmed);
    const seed = Number(process.env['SEED'] ?? 12);
    const random = new SeededRandom(seed);
    const all: readonly AnomalyKind[] = ['spike', 'step', 'drift', 'stuck', 'noise', 'deviation', 'relation', 'shape'];
    const offs: readonly (readonly AnomalyKind[])[] = [['step'], ['spike', 'step'], ['noise', 'drift'], ...all.map((kept) => all.filter((kind) => kind !== kept))];
    const others = offs.flatMap((off) => [0.2, 5].map((perWeek) => ({ off, perWeek, before: {} as Record<string, Json>, rows: 0, agreed: 0, cases: [0, 0], seenMs: [0, 0] })));
    const judge = createJudge(columns, {});
    const row = { timeMs: startMs, mode: '', values: new Float64Array(2), fresh: Uint8Array.of(1, 1) };
    for (let index = 0; index < 1_500; index += 1) {
      row.timeMs += 1_000;
      const [turn, place] = [Math.floor(index / 100), index % 100];
      const wrong = index > 1_000 && place > 60 ? (turn % 3 === 0 ? 1.2 * random.normal() : turn % 3 === 1 ? 1.4 : (place - 60) * 0.04) : 0;
      row.values[0] = 50 + 0.3 * random.normal() + wrong;
      row.values[1] = 50 + 0.3 * random.normal();
      const verdict = judge.judge(row, expectation);
      // Where nothing is wrong nothing differs.
      if (index > 1_000 && (place > 55 || place < 5)) {
        const kept = causesText(judge.causes(100).map(({ column, chart, leastPerWeek }) => ({ kind: kindOf(chart), column, leastPerWeek, percent: Infinity })), same);
        assert.equal(isAnomalyAt(kept, whole), verdict.verdict === 'anomaly', `seed ${seed}, row ${index}: as it was told`);
        const snapshot = judge.snapshot() as { state: Record<string, Json> };
        for (const other of others) {
          const again = createJudge(columns, { falseAlarmsPerWeek: other.perWeek, off: other.off }, { ...snapshot, state: { ...snapshot.state, ...other.before } });
          const verdictAgain = again.judge(row, expectation);
          other.rows += 1;
          const told = [isAnomalyAt(kept, { ...whole, off: other.off, perWeek: other.perWeek }), verdictAgain.verdict === 'anomaly'];
          if (told[0] === told[1]) other.agreed += 1;
          again.learn(row, expectation, verdictAgain);
          // What it told itself, and nothing of what it learned.
          const { open, passed, told: own } = (again.snapshot() as { state: Record<string, Json> }).state;
          other.before = { open: open!, passed: passed!, told: own! };
          for (const [which, is] of told.entries()) {
            if (!is) continue;
            if (row.timeMs - other.seenMs[which]! > 30_000) other.cases[which]! += 1;
            other.seenMs[which] = row.timeMs;
          }
        }
      }
      judge.learn(row, expectation, verdict);
    }
    for (const { off, perWeek, rows, agreed, cases } of others) {
      const which = `seed ${seed}, without ${off.join()} at ${perWeek}`;
      // Only for how many rows one detector keeps open what another one opened may differ.
      assert.ok(Math.abs(cases[0]! - cases[1]!) <= 1, `${which}: ${cases.join(' and ')} cases`);
      assert.ok(agreed >= 0.95 * rows, `${which}: ${agreed} of ${rows}`);
    }
    assert.ok(new Set(others.map(({ cases }) => cases[1])).size >= 3, `settings must differ for this to say anything: ${others.map(({ cases }) => cases[1]).join()}`);
  });

  it('is kept short: of each kind only what no other finding covers, in steps of size', () => {
    const found = [
      { kind: 'drift' as const, column: 0, leastPerWeek: 0.5, percent: 3.3 }, { kind: 'drift' as const, column: 1, leastPerWeek: 2, percent: 3 },
      { kind: 'drift' as const, column: 1, leastPerWeek: 7, percent: 60 }, { kind: 'stuck' as const, column: 1, leastPerWeek: 1, percent: 0 },
      { kind: 'spike' as const, column: 1, leastPerWeek: 300, percent: 9 },
    ];
    const text = causesText(found, same);
    assert.equal(text, 'd7@50 d0.5@2 k1@50');
    assert.equal(isAnomalyAt(text, { ...whole, off: ['stuck'] }), true);
    assert.equal(isAnomalyAt(text, { ...whole, off: ['stuck'], smallestPercent: 5 }), false, 'the drift of 3 % is too small');
    assert.equal(isAnomalyAt(text, { ...whole, smallestPercent: 5 }), true, 'a standing value is no small change');
    assert.equal(isAnomalyAt(text, { ...whole, perWeek: 7, off: ['stuck'], smallestPercent: 50 }), true);
    assert.equal(isAnomalyAt('t0.2@10', { ...whole, together: false }), false);
    // As an earlier version kept it, and what cannot be read.
    assert.deepEqual([isAnomalyAt(0.5, whole), isAnomalyAt(2, whole), isAnomalyAt('x9', whole), isAnomalyAt(null, whole)], [true, false, false, false]);
  });

  it('leaves out of a verdict what is too small, and remembers how far a restless value swings', () => {
    const sizes = new CauseSizes(2);
    const expectation = newExpectation(2);
    expectation.expected.fill(100);
    const signals = [{ column: 0, share: 0.8, kind: 'noise' as const }, { column: 1, share: 0.2, kind: 'drift' as const }];
    const verdict = { verdict: 'anomaly' as const, score: 2, sinceMs: 5, signals, leastPerWeek: 0.5 };
    const causes = [{ column: 0, chart: 2, leastPerWeek: 0.5 }, { column: 1, chart: 4, leastPerWeek: 0.9 }];
    const look = (one: number, other: number): ReturnType<CauseSizes['judged']> =>
      sizes.judged(causes, verdict, { timeMs: 5, mode: '', values: Float64Array.of(one, other), fresh: Uint8Array.of(1, 1) }, expectation);
    const setting = { ...whole, smallestPercent: 5 };
    assert.deepEqual(withoutSmall(verdict, look(112, 101), setting).signals, [{ column: 0, share: 1, kind: 'noise' }]);
    assert.equal(withoutSmall(verdict, look(101, 101), setting).verdict, 'anomaly', 'a moment ago it was 12 %');
    for (let turn = 0; turn < 20; turn += 1) look(101, 101);
    assert.equal(withoutSmall(verdict, look(101, 101), setting).verdict, 'normal');
    assert.equal(withoutSmall(verdict, look(101, 101), { ...setting, smallestPercent: 1 }).signals.length, 2);
  });

  it('at the setting in force says what was raised, whatever is set', async () => {
    const seed = 3;
    const counts: number[] = [];
    const run = async (setting: Partial<JudgeSettings>): Promise<(asked: Partial<TrialSetting>) => Promise<number>> => {
      const { site, clock } = await startSite({}, openMemoryStore());
      site.addJudge('judge');
      const asset = site.register(registration('pump'));
      asset.configureJudge({ falseAlarmsPerWeek: 1, ...setting });
      const random = new SeededRandom(seed);
      let raised = 0;
      for (let index = 0; index < 2_000; index += 1) {
        clock.wallMs = startMs + index * 2_000;
        const fault = index > 1_200 && index % 200 < 12 ? 0.03 * (index / 100 - 10) : 0;
        const speed = 1000 + 100 * (Math.floor(index / 10) % 5);
        const current = (speed / 250) * (1 + fault) + 0.03 * random.normal();
        const message = single(site, asset, { timeMs: clock.wallMs, values: { speed, current, vibration: 2 + 0.1 * random.normal(), mode: 'producing' } });
        const evaluation = asset.evaluate(message);
        raised += takeVerdicts(site, asset, { ...message, anomaly: evaluation!.anomaly }, alert).filter(({ case: { change } }) => change === 'opened').length;
        if (index % 100 === 0) site.tick();
      }
      await site.checkpoint();
      site.tick();
      await new Promise((resolve) => setImmediate(resolve));
      const asked = await backTest(site, asset, {});
      assert.equal(asked.count, raised, JSON.stringify(setting));
      assert.equal(asked.promise.came, raised);
      counts.push(raised);
      return async (other) => (await backTest(site, asset, other)).count;
    };
    const ask = await run({});
    await run({ smallestPercent: 20 });
    await run({ off: ['step', 'spike', 'deviation', 'drift', 'noise'] });
    assert.ok((counts[0] ?? 0) > (counts[1] ?? 0) && (counts[1] ?? 0) > 0, counts.join());
    assert.equal(counts[2], 0, 'nothing stood still');
    // Asked of the first run, the others are known without running.
    assert.deepEqual([await ask({ smallestPercent: 20 }), await ask({ off: ['step', 'spike', 'deviation', 'drift', 'noise'] })], counts.slice(1));
  });
});

function kindOf(chart: number): AnomalyKind {
  return (['stuck', 'step', 'noise', 'spike', 'drift', 'deviation', 'relation', 'shape'] as const)[chart]!;
}
