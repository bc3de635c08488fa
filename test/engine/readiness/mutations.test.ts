import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ReadinessCriterion } from '../../../contract/messages.ts';
import { gradeOrder } from '../../../engine/readiness/criterionGrades.ts';
import type { PropertyGrade } from '../../../engine/readiness/criterionGrades.ts';
import { beginMs, criteriaOf, everyMs, goodData, hourMs, kinds, mutated, Observed } from './plantData.ts';
import type { Kind, Mutation } from './plantData.ts';

interface Fault {
  what: string;
  /** The criterion that has to fall. */
  falls: ReadinessCriterion;
  /** Others that say the same of the same fact. */
  mayFallToo?: readonly ReadinessCriterion[];
  of: readonly Kind[];
  make: () => Mutation;
}

const numeric = (value: unknown, change: (number: number) => number): unknown => (typeof value === 'number' ? change(value) : value);

/** A value is kept from now on. */
function frozen(): Mutation {
  let held: unknown;
  return (sent) => [{ ...sent, value: (held ??= sent.value) }];
}

const measured = ['noisy', 'slow', 'counter', 'undeclared'] as const;
const faults: readonly Fault[] = [
  { what: 'frozen', falls: 'stuck', of: [...measured, 'exception'], make: frozen },
  {
    what: 'silent, three times an hour long', falls: 'gaps', mayFallToo: ['coverage'], of: ['noisy', 'slow', 'counter'],
    make: () => (sent, sinceMs) => ((sent.sourceMs - sinceMs) % (2 * hourMs) < hourMs && sent.sourceMs - sinceMs < 6 * hourMs ? [] : [sent]),
  },
  { what: 'clock a minute and a half behind', falls: 'clock', of: [...measured, 'exception', 'state'], make: () => (sent) => [{ ...sent, sourceMs: sent.sourceMs - 90_000 }] },
  { what: 'clock two minutes ahead', falls: 'clock', of: [...measured, 'exception', 'state'], make: () => (sent) => [{ ...sent, sourceMs: sent.sourceMs + 120_000 }] },
  { what: 'clock an hour ahead', falls: 'clock', of: ['noisy', 'slow'], make: () => (sent) => [{ ...sent, sourceMs: sent.sourceMs + hourMs }] },
  { what: 'in °F', falls: 'unit', of: ['noisy'], make: () => (sent) => [{ ...sent, value: numeric(sent.value, (number) => number * 1.8 + 32) }] },
  { what: 'in K', falls: 'unit', of: ['noisy'], make: () => (sent) => [{ ...sent, value: numeric(sent.value, (number) => number + 273.15) }] },
  { what: 'in psi', falls: 'unit', of: ['slow', 'undeclared'], make: () => (sent) => [{ ...sent, value: numeric(sent.value, (number) => number * 14.503_774) }] },
  { what: 'in kPa', falls: 'unit', of: ['slow', 'undeclared'], make: () => (sent) => [{ ...sent, value: numeric(sent.value, (number) => number * 100) }] },
  {
    what: 'ten times too small', falls: 'unit', of: ['noisy', 'undeclared'],
    make: () => (sent) => [{ ...sent, value: numeric(sent.value, (number) => number / 10) }],
  },
  {
    what: 'coarser', falls: 'resolution', of: ['noisy', 'slow', 'exception', 'undeclared'],
    make: () => (sent) => [{ ...sent, value: numeric(sent.value, (number) => Math.round(number / coarse[sent.property as 'noisy']) * coarse[sent.property as 'noisy']) }],
  },
  { what: 'a third as often', falls: 'interval', of: ['noisy', 'slow', 'counter', 'undeclared'], make: () => (sent) => (((sent.sourceMs - beginMs) / everyMs) % 3 === 0 ? [sent] : []) },
  { what: 'each value twice', falls: 'duplicates', of: ['noisy', 'slow', 'counter', 'state', 'undeclared'], make: () => (sent) => [sent, { ...sent, arrivedMs: sent.arrivedMs + 0.5 }] },
  { what: 'a fifth of bad quality', falls: 'quality', of: kinds, make: () => (sent) => [{ ...sent, quality: ((sent.sourceMs - beginMs) / everyMs) % 5 < 1 ? 'bad' : 'good' }] },
  {
    what: 'text where a number is due', falls: 'quality', of: ['noisy', 'slow', 'counter'],
    make: () => (sent) => [{ ...sent, value: ((sent.sourceMs - beginMs) / everyMs) % 4 < 1 ? 'NaN' : sent.value }],
  },
];
const coarse = { noisy: 1, slow: 0.1, exception: 0.5, undeclared: 0.1 };

const rank = (grade: PropertyGrade, criterion: ReadinessCriterion): number => Math.max(0, gradeOrder.indexOf(criteriaOf(grade).get(criterion) ?? 'good'));

function fallen(before: PropertyGrade, after: PropertyGrade): ReadinessCriterion[] {
  return after.criteria.map(({ criterion }) => criterion).filter((criterion) => rank(after, criterion) > rank(before, criterion));
}

describe('readiness: faults put into good data', function () {
  this.timeout(120_000);

  it('finds nothing wrong with good data of any kind', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        for (const [name, grade] of new Observed().feed(goodData(seed, 12)).grades()) {
          assert.ok(grade.grade === 'good' || grade.grade === 'usable', `${name}: ${JSON.stringify(grade.criteria[0])}`);
        }
      }),
      { numRuns: 4, verbose: 1 },
    );
  });

  for (const fault of faults) {
    it(`${fault.what}: only ${fault.falls} falls`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(...fault.of), (seed, kind) => check(fault, kind, seed)),
        { numRuns: fault.of.length * 2, verbose: 1 },
      );
      for (const kind of fault.of) check(fault, kind, 7);
    });
  }

  function check(fault: Fault, kind: Kind, seed: number): void {
    const hours = 15;
    const clean = new Observed().feed(goodData(seed, hours)).grades();
    const bad = new Observed().feed(mutated(goodData(seed, hours), kind, beginMs + 6 * hourMs, fault.make())).grades();
    for (const [name, after] of bad) {
      const found = fallen(clean.get(name) as PropertyGrade, after);
      if (name !== kind) {
        assert.deepEqual(found, [], `${kind} was spoilt, but ${name} fell: ${JSON.stringify(after.criteria[0])}`);
        continue;
      }
      assert.ok(found.includes(fault.falls), `${kind}: ${fault.falls} did not fall: ${JSON.stringify(after.criteria.find(({ criterion }) => criterion === fault.falls))} but ${found.join()}`);
      const others = found.filter((criterion) => criterion !== fault.falls && fault.mayFallToo?.includes(criterion) !== true);
      assert.deepEqual(others, [], `${kind}: ${JSON.stringify(after.criteria.filter(({ criterion }) => others.includes(criterion)))}`);
    }
  }
});
