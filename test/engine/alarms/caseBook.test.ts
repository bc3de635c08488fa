import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AnomalySignal } from '../../../contract/messages.ts';
import { CaseBook, severityOf } from '../../../engine/alarms/caseBook.ts';
import type { CaseChange, Condition } from '../../../engine/alarms/caseBook.ts';

const options = { twin: 'press3', historical: false, clearAfterMs: 60_000, repeatAfterMs: 0 };

function signal(property: string, share = 1): AnomalySignal {
  return { property, share, kind: 'drift', value: 5, expected: 3, low: 2, high: 4 };
}

function anomaly(active: boolean, timeMs: number, ...properties: string[]): Condition {
  return { name: 'anomaly', active, timeMs, signals: properties.map((property) => signal(property, 1 / properties.length)), severity: 'maintenance' };
}

const changesOf = (changes: CaseChange[]): string[] => changes.map((change) => change.case.change);

describe('CaseBook', () => {
  it('opens once, stays quiet while nothing new joins, and clears after the delay', () => {
    const book = new CaseBook(options);
    assert.deepEqual(changesOf(book.condition(anomaly(true, 1000, 'vibration'))), ['opened']);
    for (let t = 2000; t < 10_000; t += 1000) assert.deepEqual(book.condition(anomaly(true, t, 'vibration')), []);
    assert.deepEqual(book.condition(anomaly(false, 10_000)), []);
    assert.deepEqual(book.watch(69_999), []);
    const cleared = book.watch(70_000);
    assert.deepEqual(changesOf(cleared), ['cleared']);
    assert.equal(cleared[0]?.case.clearedMs, 10_000);
    assert.equal(book.open, undefined);
  });

  it('does not clear while nobody could see whether it is over', () => {
    const book = new CaseBook(options);
    book.condition(anomaly(true, 1000, 'vibration'));
    book.condition(anomaly(false, 10_000));
    for (let t = 20_000; t <= 200_000; t += 10_000) {
      book.unseen('anomaly', t);
      assert.deepEqual(book.watch(t), [], 'cleared while the machine stood');
    }
    book.unseen('limit/temperature/high', 230_000);
    assert.deepEqual(book.watch(259_999), []);
    const cleared = book.watch(260_000);
    assert.deepEqual(changesOf(cleared), ['cleared']);
    assert.equal(cleared[0]?.case.clearedMs, 10_000);
    book.unseen('anomaly', 300_000);
    assert.equal(book.open, undefined);
  });

  it('tells when a signal joins and names all of them, the biggest share first', () => {
    const book = new CaseBook(options);
    book.condition(anomaly(true, 0, 'vibration'));
    const [change] = book.condition({ ...anomaly(true, 1, 'vibration', 'current'), signals: [signal('vibration', 0.3), signal('current', 0.7)] });
    assert.equal(change?.case.change, 'updated');
    assert.deepEqual(
      change?.case.signals.map((each) => each.property),
      ['current', 'vibration'],
    );
    assert.ok(Math.abs((change?.case.signals.reduce((sum, each) => sum + each.share, 0) ?? 0) - 1) < 1e-9);
  });

  it('keeps one case over a short return and counts it', () => {
    const book = new CaseBook(options);
    const [opened] = book.condition(anomaly(true, 0, 'vibration'));
    book.condition(anomaly(false, 10_000));
    book.condition(anomaly(true, 30_000, 'vibration'));
    assert.equal(book.open?.id, opened?.case.id);
    assert.equal(book.open?.occurrences, 2);
    book.condition(anomaly(false, 40_000));
    assert.deepEqual(changesOf(book.condition(anomaly(true, 200_000, 'vibration'))), ['cleared', 'opened'], 'a return after the delay is a new case');
  });

  it('keeps the case while any of its conditions lasts', () => {
    const book = new CaseBook({ ...options, clearAfterMs: 0 });
    book.condition(anomaly(true, 0, 'vibration'));
    book.condition({ name: 'limit/temperature/high', active: true, timeMs: 1, signals: [signal('temperature')], severity: 'specification' });
    assert.deepEqual(changesOf(book.condition(anomaly(false, 2))), []);
    assert.equal(book.open?.letter, 'M');
    assert.deepEqual(changesOf(book.condition({ name: 'limit/temperature/high', active: false, timeMs: 3, signals: [], severity: 'specification' })), ['cleared']);
  });

  it('takes the gravest letter', () => {
    const book = new CaseBook(options);
    book.condition(anomaly(true, 0, 'vibration'));
    const [change] = book.condition({ name: 'stale', active: true, timeMs: 1, signals: [], severity: 'failure' });
    assert.equal(change?.case.letter, 'F');
    assert.equal(change?.priority, 'high');
  });

  it('acknowledges what the person saw and nothing else', () => {
    const book = new CaseBook(options);
    assert.throws(() => book.acknowledge(undefined, 'Eva', 0), { code: 'TWIN_CASE_UNKNOWN' });
    const [opened] = book.condition(anomaly(true, 0, 'vibration'));
    assert.throws(() => book.acknowledge('press3/99', 'Eva', 1), { code: 'TWIN_CASE_UNKNOWN' });
    const change = book.acknowledge(opened?.case.id, 'Eva', 2);
    assert.equal(change.case.state, 'acknowledged');
    assert.equal(change.case.acknowledgedBy, 'Eva');
    assert.throws(() => book.acknowledge(opened?.case.id, 'Max', 3), { code: 'TWIN_CASE_ACKNOWLEDGED' });
  });

  it('reminds only while nobody answered, and never of recorded data', () => {
    const book = new CaseBook({ ...options, repeatAfterMs: 1000 });
    const [opened] = book.condition(anomaly(true, 0, 'vibration'));
    assert.deepEqual(book.watch(999), []);
    assert.equal(book.watch(1000)[0]?.reminder, true);
    book.acknowledge(opened?.case.id, 'Eva', 1500);
    assert.deepEqual(book.watch(10_000), []);
    const recorded = new CaseBook({ ...options, historical: true, repeatAfterMs: 1000 });
    recorded.condition(anomaly(true, 0, 'vibration'));
    assert.deepEqual(recorded.watch(1e9), []);
  });

  it('goes on from a snapshot exactly as if never stopped, and says nothing twice', () => {
    const script = fc.array(
      fc.record({
        name: fc.constantFrom('anomaly', 'stale', 'limit/__proto__/high', 'limit/constructor/low'),
        active: fc.boolean(),
        step: fc.integer({ min: 0, max: 90_000 }),
        property: fc.constantFrom('a', 'b', '__proto__'),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(script, fc.nat(40), (steps, cut) => {
        const whole = new CaseBook(options);
        let resumed = new CaseBook(options);
        let timeMs = 0;
        const keys = new Set<string>();
        steps.forEach((step, index) => {
          timeMs += step.step;
          const condition: Condition = { name: step.name, active: step.active, timeMs, signals: step.active ? [signal(step.property)] : [], severity: 'maintenance' };
          if (index === cut) resumed = new CaseBook(options, JSON.parse(JSON.stringify(resumed.snapshot())));
          const told = whole.condition(condition);
          assert.deepEqual(resumed.condition(condition), told);
          for (const change of told) {
            assert.ok(!keys.has(change.idempotencyKey), 'an idempotency key was used twice');
            keys.add(change.idempotencyKey);
          }
        });
        assert.deepEqual(resumed.snapshot(), whole.snapshot());
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a snapshot that it cannot read', () => {
    for (const damaged of ['x', 7, [], { v: 2 }]) assert.throws(() => new CaseBook(options, damaged), { code: 'TWIN_SNAPSHOT_UNREADABLE' });
  });

  it('stays bounded', () => {
    const book = new CaseBook(options);
    for (let index = 0; index < 5000; index++) {
      book.condition({ name: `limit/p${index}/high`, active: true, timeMs: index, signals: [signal(`p${index}`)], severity: 'specification' });
    }
    assert.deepEqual(changesOf(book.watch(5000)), ['updated'], 'a crowd is told together');
    assert.equal(book.open?.signals.length, 2000);
    assert.deepEqual(book.watch(5001), []);
    // A message names all of a thousand alarms, so there is room for two thousand.
    assert.ok(JSON.stringify(book.snapshot()).length < 1_000_000);
  });

  it('knows a letter for each kind', () => {
    assert.equal(severityOf('stuck'), 'failure');
    assert.equal(severityOf('drift'), 'maintenance');
    assert.equal(severityOf('noise'), 'specification');
  });
});
