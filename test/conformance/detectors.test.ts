import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { baselines } from '../../engine/baselines/index.ts';
import { courseDetectors, detectors, jointDetectors } from '../../engine/detectors/index.ts';
import { createJudge } from '../../engine/detectors/judge.ts';
import { baselineChecks } from '../checks/detectors/baselineChecks.ts';
import { failedChecks } from '../checks/detectors/check.ts';
import type { Check } from '../checks/detectors/check.ts';
import { courseChecks } from '../checks/detectors/courseChecks.ts';
import { detectorChecks } from '../checks/detectors/detectorChecks.ts';
import { faultyBaselines } from '../checks/detectors/faultyBaselines.ts';
import { faultyCourseDetectors } from '../checks/detectors/faultyCourseDetectors.ts';
import { faultyDetectors } from '../checks/detectors/faultyDetectors.ts';
import { faultyJointDetectors } from '../checks/detectors/faultyJointDetectors.ts';
import { faultyJudges } from '../checks/detectors/faultyJudges.ts';
import { jointChecks } from '../checks/detectors/jointChecks.ts';
import { judgeChecks } from '../checks/detectors/judgeChecks.ts';

/** Every check on every unit, and for every check a planted unit that fails exactly it. */
function conformance<Unit>(kind: string, units: readonly (readonly [string, Unit])[], checks: readonly Check<Unit>[], planted: Readonly<Record<string, Unit>>): void {
  describe(`Conformance: ${kind}`, function () {
    this.timeout(60_000);
    let ran = 0;
    for (const [name, unit] of units) {
      describe(name, () => {
        for (const check of checks) {
          it(check.name, () => {
            check.run(unit);
            ran += 1;
          });
        }
      });
    }
    describe('the checks themselves', () => {
      it('have a planted fault each', () => {
        assert.deepEqual(Object.keys(planted).sort(), checks.map(({ name }) => name).sort());
      });
      for (const [name, unit] of Object.entries(planted)) {
        it(`catch, and only there, what fails "${name}"`, () => {
          assert.deepEqual(failedChecks(checks, unit), [name]);
        });
      }
    });
    after(() => assert.equal(ran, units.length * checks.length, `${ran} of ${units.length} × ${checks.length} checks passed`));
  });
}

conformance('detectors', detectors.map((entry) => [entry.name, entry]), detectorChecks, faultyDetectors);
conformance('joint detectors', jointDetectors.map((entry) => [entry.name, entry]), jointChecks, faultyJointDetectors);
conformance('course detectors', courseDetectors.map((entry) => [entry.name, entry]), courseChecks, faultyCourseDetectors);
conformance('baselines', baselines.map(({ name, create }) => [name, create]), baselineChecks, faultyBaselines);
conformance('judge', [['judge', createJudge]], judgeChecks, faultyJudges);

describe('Conformance: the registry of detectors', () => {
  const folder = new URL('../../engine/detectors/', import.meta.url);
  const others = [
    'index.ts', 'detector.ts', 'judge.ts', 'judgeState.ts', 'calmRows.ts', 'takeRows.ts', 'jointDetector.ts', 'jointWatch.ts', 'courseDetector.ts', 'cycleWatch.ts',
  ];
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !others.includes(file));

  const all = [...detectors, ...jointDetectors, ...courseDetectors];

  it('holds every detector of the folder, and at least nine', () => {
    assert.ok(files.length >= 9, `${files.length} files`);
    assert.deepEqual(all.map(({ name }) => `${name}.ts`).sort(), files.sort());
  });

  it('has names only once, and each detector promises its own kind', () => {
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { kind, promises } of detectors) assert.ok(promises.includes(kind));
  });

  for (const file of files) {
    it(`${file} says when to choose it, where it comes from, and has its parts in order`, () => {
      const source = readFileSync(new URL(file, folder), 'utf8');
      const parts = ['/**', 'Choose it', 'rather than', 'numbers per column', 'Parameters extends', 'const defaults', 'class ', 'DetectorEntry<'];
      let from = source.indexOf('/**');
      for (const part of parts) {
        const place = source.indexOf(part, from);
        assert.ok(place >= 0, `"${part}" is missing or out of order`);
        from = place;
      }
      assert.match(source.slice(0, source.indexOf('class ')), /\b(19|20)\d\d\b/, 'no year of origin');
    });
  }
});
