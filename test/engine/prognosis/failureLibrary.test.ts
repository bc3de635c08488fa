import assert from 'node:assert/strict';
import { generatedRuns } from '../../../bench/failureRuns.ts';
import type { FailureRuns } from '../../../bench/failureRuns.ts';
import { FailureLibrary, fewestFailures } from '../../../engine/prognosis/failureLibrary.ts';
import type { MachineRun } from '../../../engine/prognosis/runFeatures.ts';

function learned({ runs, columns }: FailureRuns): FailureLibrary | undefined {
  const learning = FailureLibrary.learn(runs, columns);
  let step = learning.next();
  while (step.done !== true) step = learning.next();
  return step.value;
}

/** The run as it was when so many rows were left. */
function before({ id, values }: MachineRun, left: number, columns: number): MachineRun {
  return { id, values: values.subarray(0, values.length - left * columns) };
}

describe('time left by recorded failures', function () {
  this.timeout(30_000);
  const known = generatedRuns(20, 1);
  const unseen = generatedRuns(30, 2);
  const { columns } = known;
  let library: FailureLibrary;
  it('learns from ten failures on, in steps, and from fewer nothing', () => {
    const found = learned(known);
    assert.ok(found !== undefined);
    library = found;
    assert.equal(library.runs, 20);
    assert.ok(library.isEvidence && library.skill > 0.5, `${library.skill}`);
    assert.equal(learned({ ...known, runs: known.runs.slice(0, fewestFailures - 1) }), undefined);
    assert.ok(learned({ ...known, runs: known.runs.slice(0, fewestFailures) }) !== undefined);
    // Runs too short to tell anything are none.
    assert.equal(learned({ ...known, runs: known.runs.map(({ id, values }) => ({ id, values: values.subarray(0, 15 * columns) })) }), undefined);
  });

  it('foretells machines it never saw: nearer to the end ever better, with intervals that hold in about four of five', () => {
    const errors = new Map<number, number[]>();
    let held = 0;
    let all = 0;
    for (const run of unseen.runs) {
      for (const left of [5, 12, 20, 45]) {
        const found = library.remaining(before(run, left, columns));
        assert.ok(found.state === 'forecast' || found.state === 'fresh', found.state);
        all += 1;
        if (found.fromRows <= left && left <= found.toRows) held += 1;
        const list = errors.get(left) ?? [];
        list.push(Math.abs(found.indexRows - Math.min(library.cap, left)));
        errors.set(left, list);
      }
    }
    const mean = (left: number): number => errors.get(left)!.reduce((sum, error) => sum + error, 0) / unseen.runs.length;
    assert.ok(mean(5) < 5 && mean(5) < mean(20) && mean(20) < 12, [5, 12, 20, 45].map(mean).join(', '));
    assert.ok(held / all >= 0.7 && held / all <= 0.95, `${held} of ${all}`);
  });

  it('says of a sound machine that no wear is seen, and never NaN', () => {
    const sound = unseen.runs.filter(({ values }) => values.length / columns > library.cap + 30);
    const fresh = sound.map((run) => library.remaining({ id: run.id, values: run.values.subarray(0, 15 * columns) }));
    assert.ok(fresh.length >= 10 && fresh.filter(({ state }) => state === 'fresh').length >= 0.8 * fresh.length, fresh.map(({ state }) => state).join(' '));
    for (const one of fresh) for (const value of Object.values(one)) assert.ok(typeof value === 'string' || Number.isFinite(value));
  });

  it('planted: values that say nothing are no evidence, though the age alone tells something', () => {
    const blind = learned(generatedRuns(20, 3, false));
    assert.ok(blind !== undefined && !blind.isEvidence, `${blind?.skill}`);
    assert.equal(learned({ ...known, runs: known.runs.map(({ id, values }) => ({ id, values: values.map(() => 7) })) }), undefined);
  });

  it('refuses what is unlike all that was recorded, and too short a run', () => {
    const [run] = unseen.runs as [MachineRun];
    assert.equal(library.remaining({ id: 'x', values: run.values.map((value, at) => (at % columns < 4 ? value - 90 * (1 + (at % columns)) : value)) }).state, 'unlike');
    assert.deepEqual(library.remaining({ id: 'x', values: run.values.subarray(0, 4 * columns) }), { state: 'tooFew', missing: 6 });
  });

  it('is the same each time, in any unit, and takes gaps and wild values', () => {
    const run = before(unseen.runs[3]!, 10, columns);
    const first = library.remaining(run);
    assert.ok(first.state === 'forecast');
    assert.deepEqual(learned(known)!.remaining(run), first);
    const scaled = (values: Float64Array): Float64Array => values.map((value, at) => (at % columns === 1 ? 1.8 * value + 32 : 1000 * value));
    const other = learned({ ...known, runs: known.runs.map(({ id, values }) => ({ id, values: scaled(values) })) })!.remaining({ id: run.id, values: scaled(run.values) });
    assert.ok(other.state === 'forecast' && Math.abs(other.leftRows - first.leftRows) < 0.5, JSON.stringify([first, other]));
    const gaps = run.values.map((value, at) => (at % 11 === 0 ? [NaN, Infinity, 1e308][at % 3]! : value));
    const holed = library.remaining({ id: run.id, values: gaps });
    assert.ok(holed.state === 'forecast' && Math.abs(holed.indexRows - first.indexRows) < 10, JSON.stringify([first, holed]));
  });
});
