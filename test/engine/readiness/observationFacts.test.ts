import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ObservationFacts, windowMs } from '../../../engine/readiness/observationFacts.ts';
import { readinessTexts } from '../../../engine/site/readinessSentences.ts';
import { mayConclude, readinessCaution, twinReadiness } from '../../../engine/site/twinReadiness.ts';
import { beginMs, criteriaOf, goodData, hourMs, mutated, Observed, plantType } from './plantData.ts';

const watched = (observed: Observed, language: 'en-US' | 'de' = 'en-US') => ({
  twin: observed.twin,
  language,
  facts: observed.facts,
  isOffMode: (mode: string) => mode === 'paused',
});

describe('readiness: facts', function () {
  this.timeout(60_000);

  it('keeps about a kilobyte per property, however long', () => {
    assert.ok(ObservationFacts.bytesPerProperty <= 1200, String(ObservationFacts.bytesPerProperty));
    const facts = new ObservationFacts(plantType().properties, 1);
    const size = (): number => JSON.stringify(facts.snapshot()).length;
    for (let row = 0; row < 2000; row++) facts.row(beginMs + row * hourMs, beginMs + row * hourMs, `mode ${row}`);
    const before = size();
    for (let row = 2000; row < 20_000; row++) facts.row(beginMs + row * hourMs, beginMs + row * hourMs, `mode ${row}`);
    assert.ok(size() < before * 1.2 + 200, `${before} → ${size()}`);
  });

  it('goes on from a snapshot exactly as if never stopped', () => {
    const rows = [...goodData(5, 6)];
    const whole = new Observed().feed(rows);
    const first = new Observed().feed(rows.slice(0, 1000));
    const restored = new ObservationFacts(first.type.properties, 1);
    restored.restore(JSON.parse(JSON.stringify(first.facts.snapshot())));
    first.facts = restored;
    first.twin.listener = restored;
    first.feed(rows.slice(1000));
    for (const { index, name } of first.type.properties) {
      assert.deepEqual(restored.measured(index, first.nowMs), whole.facts.measured(index, whole.nowMs), name);
    }
    assert.deepEqual(restored.modes(), whole.facts.modes());
  });

  it('forgets a fault a day after it is over, and the grade recovers', () => {
    const rows = mutated(goodData(9, 36), 'noisy', beginMs + 2 * hourMs, (sent, sinceMs) =>
      sent.sourceMs - sinceMs < 3 * hourMs ? [{ ...sent, quality: 'bad' }] : [sent]);
    const observed = new Observed();
    const end = rows.findIndex((row) => (row[0]?.sourceMs ?? 0) >= beginMs + 6 * hourMs);
    const quality = (): string => criteriaOf(observed.grades().get('noisy') as never).get('quality') ?? '';
    observed.feed(rows.slice(0, end));
    assert.equal(quality(), 'unusable');
    observed.feed(rows.slice(end));
    assert.equal(quality(), 'good');
  });

  it('takes a silence of the whole machine as a gap, and report by exception as none', () => {
    const rows = [...goodData(11, 8)].filter((row) => {
      const sinceMs = (row[0]?.sourceMs ?? 0) - beginMs;
      return sinceMs < 4 * hourMs || sinceMs > 5 * hourMs;
    });
    const observed = new Observed().feed(rows);
    for (const [name, grade] of observed.grades()) assert.notEqual(criteriaOf(grade).get('gaps'), 'good', name);
    // What is only silent by itself, and need not come regularly, says that it has not changed.
    const quiet = new Observed().feed(mutated(goodData(11, 8), 'state', beginMs + 2 * hourMs, () => []));
    assert.equal(quiet.grades().get('state')?.grade, 'good');
    // And until now: nothing more comes, and nobody says so.
    assert.equal(criteriaOf(quiet.grades(quiet.nowMs + 6 * hourMs).get('noisy') as never).get('coverage'), 'unusable');
  });

  it('survives what no source should send', () => {
    const odd = fc.oneof(
      fc.double(), fc.constantFrom(null, '', 'NaN', [], {}, true, 1e308, -1e308, 5e-324, -0, Infinity, '12,5', 2n ** 64n), fc.string());
    const time = fc.oneof(fc.integer({ min: beginMs - 1e9, max: beginMs + 1e9 }), fc.constantFrom(0, NaN, -1, 1e18, Infinity, beginMs));
    const sent = fc.record({ property: fc.constantFrom('noisy', 'slow', 'counter', 'state', 'exception', '__proto__'), value: odd, sourceMs: time, arrivedMs: time });
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 200 }), (values) => {
        const observed = new Observed();
        for (const one of values) {
          observed.twin.apply([{ address: one.property, value: one.value, sourceTimeMs: one.sourceMs, quality: 'good' } as never], Number.isFinite(one.arrivedMs) ? one.arrivedMs : beginMs);
        }
        const report = twinReadiness(watched(observed), beginMs + hourMs);
        // An operating mode may be called NaN by its source.
        const figures = { ...report, modes: report?.modes.map(({ hours }) => hours) };
        assert.doesNotMatch(JSON.stringify(figures), /NaN|Infinity|undefined|\{\w+\}/);
        observed.facts.restore(JSON.parse(JSON.stringify(observed.facts.snapshot())));
        const damaged = new ObservationFacts(observed.type.properties, 1);
        for (const value of [null, [], 'x', { v: 1 }, { v: 1, begin: 1, now: 1, bucket: 0, properties: [[''], 3] }]) damaged.restore(value as never);
        for (const grade of observed.grades().values()) assert.ok(grade.criteria.length > 0);
      }),
      { numRuns: 100, verbose: 1 },
    );
  });
});

describe('readiness: conclusions', function () {
  this.timeout(60_000);

  it('says yes, not yet with what is missing, and no with the reason', () => {
    const short = watched(new Observed().feed(goodData(1, 3)));
    const at = (hours: number): number => beginMs + hours * hourMs;
    assert.match(mayConclude(short, 'baseline', at(3)).reason, /^Not yet: needs about .* more of "running"\.$/);
    assert.equal(mayConclude(short, 'forecast', at(3)).answer, 'notYet');
    assert.equal(mayConclude(short, 'rootCause', at(3)).answer, 'notYet');
    const long = watched(new Observed().feed(goodData(1, 74)));
    for (const conclusion of ['baseline', 'forecast', 'rootCause'] as const) assert.equal(mayConclude(long, conclusion, at(74)).answer, 'yes', conclusion);
    const spoilt = watched(new Observed().feed(mutated(goodData(1, 30), 'noisy', at(10), (sent) => [{ ...sent, value: (sent.value as number) * 1.8 + 32 }])));
    assert.equal(mayConclude(spoilt, 'forecast', at(30), 1, 'noisy').answer, 'no');
    assert.match(mayConclude(spoilt, 'forecast', at(30), 1, 'noisy').reason, /°C → °F/);
    assert.notEqual(mayConclude(spoilt, 'forecast', at(30), 1, 'slow').answer, 'no');
    assert.equal(mayConclude({ ...short, facts: undefined }, 'forecast', at(3)).answer, 'yes');
  });

  it('warns while the data is below usable, in both languages, and not when it is good', () => {
    const good = watched(new Observed().feed(goodData(2, 6)));
    assert.equal(readinessCaution(good, beginMs + 6 * hourMs, 1).machine, undefined);
    const rows = [...mutated(goodData(2, 12), 'noisy', beginMs + 6 * hourMs, (sent) => [{ ...sent, sourceMs: sent.sourceMs - 90_000 }])];
    const observed = new Observed().feed(rows);
    const { machine, properties } = readinessCaution(watched(observed, 'de'), beginMs + 12 * hourMs, 1);
    assert.match(machine ?? '', /^Weniger sicher, denn die Daten sind schwach: noisy: /);
    assert.deepEqual([...properties.keys()], ['noisy']);
  });

  it('has every sentence in every language, with the same places to fill', () => {
    const leaves = (value: unknown, path = ''): [string, string][] =>
      typeof value === 'string' ? [[path, [...value.matchAll(/\{\w+\}/g)].map(([found]) => found).sort().join()]]
        : Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
    const [english, german] = [leaves(readinessTexts['en-US']), leaves(readinessTexts.de)];
    assert.deepEqual(german, english);
    assert.ok(english.length > 80 && windowMs === 86_400_000);
  });
});
