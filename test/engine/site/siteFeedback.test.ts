import assert from 'node:assert/strict';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { AlertMessage, TwinEvent } from '../../../contract/messages.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { alertMessages, conditionOfEvent, takeConditions, takeVerdicts, watchCases } from '../../../engine/site/alert.ts';
import type { AlertSettings } from '../../../engine/site/alert.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import { machineOf } from '../../../engine/site/overview.ts';
import type { Site } from '../../../engine/site/site.ts';
import type { FeedbackInput } from '../../../engine/site/siteFeedback.ts';
import { registration, single, startSite, TestClock } from './siteFixture.ts';

const settings: AlertSettings = { onAnomaly: true, onLimit: true, onStale: true, clearAfterMs: 60_000, repeatAfterMs: 0 };
const secondMs = 2_000;
const dayMs = 86_400_000;

/** A pump in service: rows every two seconds, with a hump in a signal when the test asks for one. */
class Pump {
  readonly random: SeededRandom;
  readonly told: AlertMessage[] = [];
  site!: Site;
  clock!: TestClock;
  asset!: AssetTwin;
  store = openMemoryStore();

  constructor(seed = 7) {
    this.random = new SeededRandom(seed);
  }

  async start(clock = new TestClock()): Promise<void> {
    ({ site: this.site, clock: this.clock } = await startSite({}, this.store, clock));
    this.site.addJudge('anomaly');
    this.asset = this.site.register(registration('pump', { name: 'Pump 1' }));
    this.asset.configureBaseline({ drivers: ['speed'], offModes: [] });
    this.asset.configureJudge({ falseAlarmsPerWeek: 1 });
  }

  run(rows: number, hump: (row: number) => { current?: number; vibration?: number } = () => ({})): AlertMessage[] {
    const from = this.told.length;
    for (let row = 0; row < rows; row += 1) {
      this.clock.wallMs += secondMs;
      const more = hump(row);
      const speed = 1000 + 200 * Math.sin(this.clock.wallMs / 40_000);
      const values = {
        speed, current: 3 + speed / 500 + 0.05 * this.random.normal() + (more.current ?? 0), vibration: 2 + speed / 1000 + 0.05 * this.random.normal() + (more.vibration ?? 0),
      };
      const message = single(this.site, this.asset, { timeMs: this.clock.wallMs, values });
      const evaluation = this.asset.evaluate(message);
      assert.ok(evaluation);
      const changes = takeVerdicts(this.site, this.asset, { ...message, anomaly: evaluation.anomaly }, settings);
      changes.push(...watchCases(this.site, this.asset, settings, this.clock.wallMs));
      this.told.push(...alertMessages(this.site, this.asset, changes));
    }
    return this.told.slice(from);
  }

  /** 40 rows of a fault of this size, and until it is over. @returns the cases that were opened */
  fault(size: number, signal: 'current' | 'vibration' = 'current'): AlertMessage[] {
    return this.run(160, (row) => (row >= 20 && row < 60 ? { [signal]: size } : {})).filter(({ case: { change } }) => change === 'opened');
  }

  answer(answer: FeedbackInput['answer'], more: Partial<FeedbackInput> = {}): FeedbackInput {
    return { key: 'pump', answer, by: 'Kim', via: 'page', ...more };
  }

  idOf(message: Pick<AlertMessage, 'case'> | undefined): { case: string } {
    assert.ok(message, 'a case');
    return { case: message.case.id };
  }
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (problem) {
    return (problem as { code?: string }).code ?? String(problem);
  }
  return 'none';
};

describe('answers to a case', function () {
  this.timeout(30_000);
  let pump: Pump;
  beforeEach(async () => {
    pump = new Pump();
    await pump.start();
    assert.equal(pump.run(1_500).length, 0);
  });

  it('false alarm: its effect is seen before; the same pattern again raises nothing, one 1.5 times larger does; limits never move', async () => {
    const cases = [pump.fault(0.6), pump.fault(0.55), pump.fault(0.6, 'vibration')].map((list) => list[0]);
    const ids = cases.map((one) => pump.idOf(one).case);
    const asked = pump.answer('falseAlarm', { case: ids[0] as string });
    const effect = pump.site.feedback.preview(asked);
    assert.deepEqual({ cases: effect.cases, vanish: effect.vanish, confirmed: effect.confirmed }, { cases: 3, vanish: 2, confirmed: 0 }, effect.sentences.join('\n'));
    assert.equal(effect.sentences[0], 'Of the last 30 days’ 3 cases, 2 would vanish.');
    assert.match(effect.sentences[1] ?? '', /^Motor current up to 0\.[6-9]\d* A above what is expected counts as normal\.$/);
    assert.equal(pump.fault(0.6).length, 1, 'asking changes nothing');
    pump.site.feedback.give(asked);
    assert.equal(pump.fault(0.6).length, 0, 'the same again');
    assert.equal(pump.fault(0.9).length, 1, '1.5 times as large');
    assert.equal(pump.fault(0.6, 'vibration').length, 1, 'another signal');
    assert.equal(pump.fault(-0.6).length, 1, 'the other direction');
    // The limit of 7.1 mm/s is told whatever was answered.
    const event: TwinEvent = { v: 1, kind: 'limit', timeMs: pump.clock.wallMs, property: 'vibration', limit: 'high', limitValue: 7.1, value: 7.2, active: true, text: '' };
    assert.equal(takeConditions(pump.site, pump.asset, [conditionOfEvent(event, settings)!], settings)[0]?.case.change, 'opened');
  });

  it('holds for steps, ramps and waves of other machines, too', async () => {
    const shapes = { step: () => 1, ramp: (part: number) => part, wave: (part: number) => Math.sin(part * 6 * Math.PI) };
    for (const [name, shape] of Object.entries(shapes)) {
      for (const seed of [1, 2, 3]) {
        for (const size of [0.5, 1.3]) {
          const other = new Pump(seed);
          await other.start();
          other.run(1_500);
          const fault = (times: number): AlertMessage[] => other
            .run(220, (row) => (row >= 20 && row < 80 ? { current: times * size * shape((row - 20) / 60) } : {}))
            .filter(({ case: { change } }) => change === 'opened');
          const opened = fault(1);
          assert.ok(opened.length > 0);
          for (const one of opened) other.site.feedback.give(other.answer('falseAlarm', other.idOf(one)));
          assert.equal(fault(1).length, 0, `${name} of ${size}, seed ${seed}: the same again`);
          assert.ok(fault(1.5).length > 0, `${name} of ${size}, seed ${seed}: 1.5 times as large`);
        }
      }
    }
  });

  it('a value beyond an alarm limit is no false alarm, whatever is allowed', () => {
    pump.run(50);
    const { answers } = pump.asset;
    const part = { property: 'vibration', side: 'above' as const, mode: '', size: 100, unit: 'mm/s', cap: 100 };
    answers.give({ case: 'pump/0', answer: 'falseAlarm', by: 'Kim', atMs: pump.clock.wallMs, effect: '', parts: [part, { ...part, side: 'below' }] });
    assert.equal(pump.fault(3, 'vibration').length, 0, '5.5 mm/s');
    assert.equal(pump.fault(5.5, 'vibration').length, 1, '8 mm/s is above the limit of 7.1');
  });

  it('what is allowed is capped by the band, however often it is answered', () => {
    let allowed = 0;
    let size = 0.6;
    for (let time = 0; time < 12; time += 1) {
      const [opened] = pump.fault(size);
      if (opened === undefined) {
        size *= 1.2;
        continue;
      }
      const input = pump.answer('falseAlarm', pump.idOf(opened));
      const capped = pump.site.feedback.preview(input).sentences.some((text) => text.startsWith('It went further'));
      pump.site.feedback.give(input);
      const part = pump.asset.answers.answers[0]?.parts?.find(({ property, side }) => property === 'current' && side === 'above');
      assert.ok(part !== undefined && part.size <= part.cap);
      allowed = Math.max(allowed, part.size);
      if (capped) {
        assert.equal(pump.fault(size).length, 1, 'too large to be allowed');
        assert.ok(allowed < 5, `${allowed} A`);
        return;
      }
      size *= 1.5;
    }
    assert.fail(`never capped: ${allowed} A allowed`);
  });

  it('confirmed cases stay: an answer allows no more than leaves them, and is refused where they look the same', () => {
    const [small, large] = [pump.fault(0.55)[0], pump.fault(0.66)[0]];
    const real = pump.answer('real', { ...pump.idOf(large), what: 'Bearing worn' });
    assert.deepEqual(pump.site.feedback.preview(real).sentences, ['The case is confirmed: Bearing worn.', 'No later “false alarm” makes a case like this one vanish.']);
    assert.equal(codeOf(() => pump.site.feedback.give({ ...real, what: '' })), 'TWIN_FEEDBACK_WHAT');
    pump.site.feedback.give(real);
    assert.equal(codeOf(() => pump.site.feedback.give(real)), 'TWIN_FEEDBACK_ANSWERED');
    const effect = pump.site.feedback.preview(pump.answer('falseAlarm', pump.idOf(small)));
    assert.deepEqual({ vanish: effect.vanish, confirmed: effect.confirmed }, { vanish: 1, confirmed: 1 });
    assert.ok(effect.sentences.includes('Your confirmed one stays.'));
    pump.site.feedback.give(pump.answer('falseAlarm', pump.idOf(small)));
    const [confirmed] = pump.asset.answers.stories.filter(({ answer }) => answer?.answer === 'real');
    assert.ok(confirmed?.parts.some(({ property, side, mode, size }) => !pump.asset.answers.allows(property, side, mode, size)), 'the confirmed one would still be told');
    // Larger than a confirmed one: allowing it would take that along.
    const [larger] = pump.fault(0.9);
    assert.equal(codeOf(() => pump.site.feedback.preview(pump.answer('falseAlarm', pump.idOf(larger)))), 'TWIN_FEEDBACK_CONFIRMED');
  });

  it('each answer is taken back for 30 days, and then all is as before', async () => {
    const [opened] = pump.fault(0.6);
    const record = pump.site.feedback.give(pump.answer('falseAlarm', pump.idOf(opened)));
    assert.equal(record.undoUntilMs, pump.clock.wallMs + 30 * dayMs);
    assert.equal(pump.fault(0.6).length, 0);
    await pump.site.feedback.undo('pump', record.id, 'Ada', 'page');
    assert.equal(pump.fault(0.6).length, 1, 'told again');
    await assert.rejects(pump.site.feedback.undo('pump', record.id, 'Ada', 'page'), { code: 'TWIN_FEEDBACK_UNDONE' });
    const [list] = pump.site.feedback.list('pump');
    assert.deepEqual({ by: list?.undone?.by, undoUntilMs: list?.undoUntilMs }, { by: 'Ada', undoUntilMs: undefined });
    const again = pump.site.feedback.give(pump.answer('falseAlarm', pump.idOf(opened)));
    pump.clock.wallMs += 30 * dayMs + 1;
    await assert.rejects(pump.site.feedback.undo('pump', again.id, 'Ada', 'page'), { code: 'TWIN_FEEDBACK_OLD' });
    await assert.rejects(pump.site.feedback.undo('pump', '__proto__', 'Ada', 'page'), { code: 'TWIN_FEEDBACK_UNKNOWN' });
  });

  it('the process changed: learned again from now on; taken back, what was known is there again', async () => {
    const opened = pump.run(40, (row) => (row >= 20 ? { current: 2 } : {})).find(({ case: { change } }) => change === 'opened');
    const before = JSON.stringify((pump.asset.snapshot() as { baseline: unknown }).baseline);
    const input = pump.answer('changed', pump.idOf(opened));
    assert.match(pump.site.feedback.preview(input).sentences[0] ?? '', /^What is normal for Motor current is forgotten and learned again/);
    const record = pump.site.feedback.give(input);
    await pump.site.written();
    assert.notEqual(JSON.stringify((pump.asset.snapshot() as { baseline: unknown }).baseline), before);
    pump.run(1_500, () => ({ current: 2 }));
    assert.equal(pump.asset.cases.open, undefined, 'the new way is normal');
    await pump.site.feedback.undo('pump', record.id, 'Kim', 'page');
    assert.equal(JSON.stringify((pump.asset.snapshot() as { baseline: unknown }).baseline), before);
    const [old] = pump.run(200, () => ({ current: 2 })).filter(({ case: { change } }) => change === 'opened');
    assert.ok(old, 'the new way is abnormal again');
    await assert.rejects(pump.site.feedback.undo('pump', record.id, 'Kim', 'page'), { code: 'TWIN_FEEDBACK_UNDONE' });
  });

  it('planned: nothing is judged or learned until then, but limits are told; ended early when taken back', async () => {
    const [opened] = pump.fault(0.6);
    const { wallMs } = pump.clock;
    for (const untilMs of [undefined, NaN, wallMs, wallMs + 15 * dayMs]) {
      assert.equal(codeOf(() => pump.site.feedback.preview(pump.answer('planned', { ...pump.idOf(opened), untilMs } as Partial<FeedbackInput>))), 'TWIN_FEEDBACK_UNTIL');
    }
    const before = JSON.stringify((pump.asset.snapshot() as { baseline: unknown }).baseline);
    const record = pump.site.feedback.give(pump.answer('planned', { ...pump.idOf(opened), untilMs: wallMs + 3_600_000, what: 'Filter change' }));
    assert.equal(pump.fault(2).length, 0);
    const shown = machineOf(pump.site, pump.asset);
    assert.deepEqual([shown.condition, shown.letter, shown.plannedUntilMs], ['acknowledged', 'C', wallMs + 3_600_000]);
    assert.match(shown.sentence, /^Planned work until 2026-01-01 \d\d:\d\d UTC\./);
    assert.equal(JSON.stringify((pump.asset.snapshot() as { baseline: unknown }).baseline), before, 'nothing is learned from it');
    const event: TwinEvent = { v: 1, kind: 'limit', timeMs: pump.clock.wallMs, property: 'vibration', limit: 'high', limitValue: 7.1, value: 7.2, active: true, text: '' };
    assert.equal(takeConditions(pump.site, pump.asset, [conditionOfEvent(event, settings)!], settings)[0]?.case.change, 'opened');
    takeConditions(pump.site, pump.asset, [conditionOfEvent({ ...event, active: false }, settings)!], settings);
    pump.run(60);
    await pump.site.feedback.undo('pump', record.id, 'Kim', 'page');
    assert.equal(pump.fault(2).length, 1);
  });

  it('I am on it acknowledges under that name; taken back, the case waits again', async () => {
    const opened = pump.run(40, (row) => (row >= 20 ? { current: 2 } : {})).find(({ case: { change } }) => change === 'opened');
    const record = pump.site.feedback.give(pump.answer('onIt', pump.idOf(opened)));
    assert.deepEqual([pump.asset.cases.open?.state, pump.asset.cases.open?.acknowledgedBy], ['acknowledged', 'Kim']);
    assert.equal(codeOf(() => pump.site.feedback.give(pump.answer('onIt', pump.idOf(opened)))), 'TWIN_CASE_ACKNOWLEDGED');
    await pump.site.feedback.undo('pump', record.id, 'Kim', 'page');
    assert.equal(pump.asset.cases.open?.state, 'open');
    assert.equal(codeOf(() => pump.site.feedback.give(pump.answer('onIt', { case: 'pump/99' }))), 'TWIN_CASE_UNKNOWN');
    assert.equal(codeOf(() => pump.site.feedback.give(pump.answer('onIt', { ...pump.idOf(opened), by: ' \u0000 ' }))), 'TWIN_FEEDBACK_WHO');
    assert.equal(codeOf(() => pump.site.feedback.give(pump.answer('onIt', { key: 'nobody' }))), 'TWIN_MACHINE_UNKNOWN');
  });

  it('outlives a restart, answers and what was seen of the cases alike; each is told to the journal with its user', async () => {
    const notes: unknown[] = [];
    pump.site.feedback.journal = {
      note: (note) => {
        notes.push(note);
        return {} as never;
      },
    };
    const [opened] = pump.fault(0.6);
    pump.site.feedback.give(pump.answer('falseAlarm', pump.idOf(opened)));
    const told = notes.map((note) => ({ ...(note as Record<string, unknown>), why: '', case: '' }));
    assert.deepEqual(told, [{ twin: 'pump', event: 'FEEDBACK', by: 'Kim', via: 'page', why: '', case: '' }]);
    await pump.site.written();
    // What is on disk now is all that is left after kill -9.
    await pump.site.checkpoint();
    const { stories } = pump.asset.answers;
    await pump.start(pump.clock);
    assert.deepEqual(pump.asset.answers.stories, stories);
    assert.equal(pump.fault(0.6).length, 0);
    assert.equal(pump.fault(0.9).length, 1);
    assert.equal(pump.site.feedback.list('pump')[0]?.by, 'Kim');
  });

  it('only limits: nothing that a false alarm could change', () => {
    const event: TwinEvent = { v: 1, kind: 'limit', timeMs: pump.clock.wallMs, property: 'vibration', limit: 'high', limitValue: 7.1, value: 7.2, active: true, text: '' };
    const [opened] = takeConditions(pump.site, pump.asset, [conditionOfEvent(event, settings)!], settings);
    assert.equal(codeOf(() => pump.site.feedback.preview(pump.answer('falseAlarm', pump.idOf(opened)))), 'TWIN_FEEDBACK_FIRM');
  });

  it('similar cases of before are named with what they were found to be, and the last maintenance', async () => {
    const servicedMs = pump.clock.wallMs - dayMs;
    await pump.site.relations.assert({ from: 'pump', relation: 'serviced by', to: 'kim' }, 'message:x', servicedMs, pump.clock.wallMs);
    await pump.site.relations.assert({ from: 'pump', relation: 'serviced by', to: 'crew' }, 'node:y', pump.clock.wallMs, pump.clock.wallMs);
    const [first] = pump.fault(0.6);
    pump.site.feedback.give(pump.answer('real', { ...pump.idOf(first), what: 'Bearing worn' }));
    pump.fault(0.6, 'vibration');
    const [third] = pump.fault(0.7);
    const similar = pump.asset.answers.similar(pump.idOf(third).case);
    assert.deepEqual(similar.map(({ case: id, found, what }) => ({ id, found, what })), [{ id: pump.idOf(first).case, found: 'real', what: 'Bearing worn' }]);
    assert.ok((similar[0]?.alike ?? 0) > 0.7);
    assert.deepEqual(third?.why.similar?.map(({ case: id, what }) => [id, what]), [[pump.idOf(first).case, 'Bearing worn']]);
    assert.equal(third?.why.lastMaintenanceMs, servicedMs);
    const shown = machineOf(pump.site, pump.asset);
    assert.deepEqual(shown.lastCases.find(({ id }) => id === pump.idOf(first).case)?.found, { answer: 'real', what: 'Bearing worn' });
    assert.match(third?.payload ?? '', /Earlier, much the same:\n- 2026-01-01 \d\d:\d\d UTC: real: Bearing worn\nLast maintenance: 2025-12-31 /);
  });
});
