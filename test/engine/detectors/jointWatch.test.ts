import assert from 'node:assert/strict';
import { chartKinds, detectors } from '../../../engine/detectors/index.ts';
import { createJudge } from '../../../engine/detectors/judge.ts';
import type { AssetJudge, Verdict } from '../../../engine/detectors/judge.ts';
import { JointWatch } from '../../../engine/detectors/jointWatch.ts';
import type { Json } from '../../../engine/ports.ts';
import { newExpectation, phaseArmed } from '../../../engine/signalRow.ts';
import { TailLines } from '../../../engine/statistics/tailLines.ts';
import { randomOf } from '../../checks/detectors/check.ts';
import { companions, jointFaults } from '../../checks/detectors/jointChecks.ts';

const columns = ['one', 'two', 'three', 'four'].map((name) => ({ name, kind: 'measured' as const }));
const startMs = 1_700_000_000_000;

/** A settled baseline that expects 0 of each, with four usual sizes to each side. */
function settled(count = 4): ReturnType<typeof newExpectation> {
  const expectation = newExpectation(count);
  expectation.expected.fill(0);
  expectation.low.fill(-4);
  expectation.high.fill(4);
  expectation.phase.fill(phaseArmed);
  return expectation;
}

function run(judge: AssetJudge, rows: readonly (readonly number[])[], from: number): Verdict[] {
  return rows.map((values, index) => {
    const row = { timeMs: startMs + 1_000 * (from + index), mode: '', values: Float64Array.from(values), fresh: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)) };
    const expectation = settled(values.length);
    const verdict = judge.judge(row, expectation);
    judge.learn(row, expectation, verdict);
    return verdict;
  });
}

function told(verdicts: readonly Verdict[]): number {
  return verdicts.filter(({ verdict }) => verdict === 'anomaly').length;
}

describe('signals together: golden numbers', () => {
  /**
   * Origin: the same reckoned with numpy 1.24 (full matrices, numpy.linalg.inv, no ridge, no incremental sums but the moving averages), in doubles but for the
   * tail's quantile and mean excess, which are float32 there as here. Rows of four columns a, .8 a + .6 b, .5 a − .3 b + .8 c, .2 c + d, where a, b, c, d are each
   * the sum of four numbers of the generator 1,664,525 x + 1,013,904,223 modulo 2^32 from 7 on, ÷ 2^32, less 2; the second column with the other sign from row
   * 229 on. Mean square of products of values clipped to four sizes (from the 11th row on), correlations anew at rows 60, 90, 135 and 203, shrunk by 4 ÷ rows, at
   * least .02; the slow mean moves by at most one size in 256 rows. Q: mean of (C⁻¹d)² ÷ diagonal, T²: √(a'C⁻¹a · 39 ÷ 4), each average with λ = 1 ÷ 20, a row counting
   * at most 1 ÷ (1 − .95⁵) lines. Line: twice that of the tail of maxima of 32 rows, at one passing a week shared by two charts. The ratio is the larger one.
   */
  const golden: readonly { row: number; ratio: number; shares?: readonly number[] }[] = [
    { row: 160, ratio: 0.2872320566 },
    { row: 200, ratio: 0.2587958892 },
    { row: 238, ratio: 0.61343308 },
    { row: 239, ratio: 0.6998136139, shares: [0.41203883, 0.44982768, 0.09811089, 0.04002261] },
  ];

  it('are those of an independent computation', () => {
    const random = randomOf(7);
    const sum = (): number => random() + random() + random() + random() - 2;
    const watch = new JointWatch(4, 1, true, (blockRows) => TailLines.logRarity(blockRows / 604_800_000 / 2));
    const seen: number[] = [];
    for (let row = 0; row < 240; row += 1) {
      const [a, b, c, d] = [sum(), sum(), sum(), sum()] as const;
      const residuals = Float64Array.of(a, (row >= 229 ? -1 : 1) * (0.8 * a + 0.6 * b), 0.5 * a - 0.3 * b + 0.8 * c, 0.2 * c + d);
      const inHand = { timeMs: startMs + 1_000 * row, residuals, news: 4, moving: false };
      watch.look(inHand);
      const wanted = golden.find((one) => one.row === row);
      if (wanted !== undefined) {
        seen.push(row);
        assert.ok(Math.abs(watch.ratio - wanted.ratio) < 1e-7, `row ${row}: ${watch.ratio}`);
        for (const [column, share] of (wanted.shares ?? []).entries()) assert.ok(Math.abs(watch.shares[column]! - share) < 1e-7, `row ${row}, column ${column}: ${watch.shares[column]}`);
      }
      watch.learn(inHand, true, true);
    }
    assert.equal(seen.length, golden.length);
  });
});

describe('signals that no longer go together', () => {
  const sound = companions(2, 3_000);

  for (const fault of ['apart', 'against'] as const) {
    it(`are found by the joint detectors and by none that looks at one signal: ${fault}`, () => {
      for (const seed of [41, 42]) {
        const faulty = jointFaults[fault](companions(seed, 200), companions(seed + 10, 200));
        const judge = createJudge(columns, {});
        assert.equal(told(run(judge, sound, 0)), 0);
        const verdicts = run(judge, faulty, 3_000);
        const anomalies = verdicts.filter(({ verdict }) => verdict === 'anomaly');
        assert.ok(anomalies.length > 120, `${anomalies.length} rows told`);
        for (const { signals, score } of anomalies) {
          assert.ok(signals.every(({ kind }) => kind === 'relation') && score >= 0.7);
          assert.ok(Math.abs(signals.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
        }
        const first = anomalies.at(-1)!.signals[0]!.column;
        assert.ok(fault === 'apart' ? first === 2 : first === 2 || first === 3, `column ${first}`);
        for (const entry of detectors) {
          const detector = entry.create({ columns: 4 });
          const scores = new Float64Array(4);
          for (const [index, values] of [...sound.slice(1_500), ...faulty].entries()) {
            const input = { values: Float64Array.from(values), usable: new Uint8Array(4).fill(1), expected: new Float64Array(4) };
            detector.score(input, scores);
            if (index >= 1_500) assert.ok(!scores.some((score) => score >= 1), `${entry.name} finds it too`);
            detector.learn(input, new Uint8Array(4).fill(1));
          }
        }
      }
    });
  }

  it('end when they go together again, and the same is told again', () => {
    const judge = createJudge(columns, {});
    run(judge, sound, 0);
    const fault = jointFaults.apart(companions(51, 100), companions(52, 100));
    assert.ok(told(run(judge, fault, 3_000)) > 50);
    const after = run(judge, companions(53, 300), 3_100);
    assert.equal(told(after.slice(120)), 0);
    assert.ok(told(run(judge, fault, 3_400)) > 50);
  });

  it('are not looked at with fewer than three signals', () => {
    const judge = createJudge(columns.slice(0, 2), {});
    run(judge, sound.map((row) => row.slice(1, 3)), 0);
    assert.equal(told(run(judge, jointFaults.apart(companions(61, 200), companions(62, 200)).map((row) => row.slice(1, 3)), 3_000)), 0);
    assert.equal(JSON.stringify(judge.snapshot()).includes('"together"'), false);
  });

  it('are judged the same after a restart, by whoever asks more, and with rows of bad values between', () => {
    const rows = [...companions(71, 800), ...jointFaults.apart(companions(72, 100), companions(73, 100)), ...companions(74, 60)];
    const whole = run(createJudge(columns, {}), rows, 0);
    let resumed = createJudge(columns, {});
    const [asked, odd] = [createJudge(columns, {}), createJudge(columns, {})];
    for (const [index, row] of rows.entries()) {
      if (index % 211 === 0 || (index > 800 && index % 9 === 0)) resumed = createJudge(columns, {}, JSON.parse(JSON.stringify(resumed.snapshot())) as Json);
      assert.deepEqual(run(resumed, [row], index)[0], whole[index], `resumed, at ${index}`);
      const wild = { timeMs: startMs + 1_000 * index, mode: '', values: Float64Array.of(3, -3, 3, -3), fresh: new Uint8Array(4).fill(1) };
      asked.judge(wild, settled());
      assert.deepEqual(run(asked, [row], index)[0], whole[index], `asked, at ${index}`);
      // Rows without values are time all the same, by which lines follow what was promised: the score may differ by little, the verdict may not.
      const said = ({ verdict, signals }: Verdict): unknown => [verdict, signals.map(({ column, kind }) => [column, kind])];
      assert.deepEqual(said(run(odd, [row], index)[0]!), said(whole[index]!), `with odd rows, at ${index}`);
      if (index % 5 !== 0) continue;
      for (const [bad, value] of [NaN, Infinity, -Infinity, 1e308].entries()) run(odd, [[value, value, value, value]], index + 0.1 * (bad + 1));
      // What was already there comes again, and too late.
      run(odd, [[3, -3, 3, -3]], index - 1);
      run(odd, [[3, -3, 3, -3]], index);
    }
  });

  it('are an anomaly at a setting just when the least one says so', () => {
    const rows = [...companions(81, 1_500), ...jointFaults.against(companions(82, 150), companions(83, 150))];
    for (const perWeek of [0.1, 1, 500]) {
      for (const { verdict, leastPerWeek } of run(createJudge(columns, { falseAlarmsPerWeek: perWeek }), rows, 0)) {
        if (verdict !== 'learning') assert.equal(verdict === 'anomaly', leastPerWeek <= perWeek);
      }
    }
  });

  it('are not told where they are not looked for, and it is known what would have been', () => {
    const judge = createJudge(columns, { off: ['relation'] });
    run(judge, sound, 0);
    let known = 0;
    for (const [index, row] of jointFaults.apart(companions(95, 150), companions(96, 150)).entries()) {
      assert.equal(told(run(judge, [row], 3_000 + index)), 0);
      if (judge.causes(1).some(({ chart }) => chartKinds[chart] === 'relation')) known += 1;
    }
    assert.ok(known > 100, `${known} rows`);
  });

  it('take no more than 40 kB of eight signals, in what is stored', () => {
    const eight = [...columns, ...['five', 'six', 'seven', 'eight'].map((name) => ({ name, kind: 'measured' as const }))];
    const judge = createJudge(eight, {});
    const [left, right] = [companions(91, 1_500), companions(92, 1_500)];
    run(judge, left.map((row, index) => [...row, ...right[index]!]), 0);
    const whole = judge.snapshot() as { together: Json };
    assert.ok(JSON.stringify(whole.together).length < 12_000, `${JSON.stringify(whole.together).length}`);
    assert.ok(JSON.stringify(whole).length < 40_000, `${JSON.stringify(whole).length}`);
  });
});
