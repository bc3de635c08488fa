import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { Anomaly, TwinCase, TwinEvent } from '../../../contract/messages.ts';
import { conditionOfEvent, takeConditions, takeVerdicts } from '../../../engine/site/alert.ts';
import type { AlertSettings } from '../../../engine/site/alert.ts';
import type { AssetTwin } from '../../../engine/site/assetTwin.ts';
import type { Site } from '../../../engine/site/site.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { twinMessage } from '../../../nodes/message.ts';
import { companions, jointFaults } from '../../checks/detectors/jointChecks.ts';
import { registration, startSite } from './siteFixture.ts';

const settings: AlertSettings = { onAnomaly: true, onLimit: true, onStale: true, clearAfterMs: 60_000, repeatAfterMs: 0 };
const { type } = compileTwinType({
  name: 'oven', version: 1,
  properties: [
    { name: 'temperature', unit: 'Cel', label: 'Temperature' }, { name: 'pressure', unit: 'bar' },
    { name: 'loss', unit: 'kW', valueKind: 'derived', expression: 'temperature * 0.5' },
  ],
});

interface Row {
  temperature?: number;
  pressure?: number;
  quality?: 'good' | 'uncertain' | 'bad';
}

/** A judged oven, one row a second; `row` gives what the row was expected to be, its verdict and what a person was told. */
async function oven(): Promise<{ site: Site; asset: AssetTwin; events: TwinEvent[]; cases: TwinCase[]; row(values: Row): { expected: number | undefined; verdict: string; signals: string[] } }> {
  const { site, clock } = await startSite();
  const events: TwinEvent[] = [];
  const cases: TwinCase[] = [];
  site.addJudge('judge');
  const asset = site.register(registration('oven', { type, onEvents: (told) => events.push(...told) }));
  const row = ({ quality = 'good', ...values }: Row): { expected: number | undefined; verdict: string; signals: string[] } => {
    clock.wallMs += 1000;
    const update = asset.twin.applyRow(values as Record<string, unknown>, clock.wallMs, clock.wallMs, { quality });
    const message = twinMessage(asset.twin, update, { row: asset.takeRows(1) });
    const evaluation = asset.evaluate(message);
    assert.ok(evaluation !== undefined);
    cases.push(...takeVerdicts(site, asset, { ...message, anomaly: evaluation.anomaly }, settings).map((told) => told.case));
    const before = events.length;
    site.tick();
    const conditions = events.slice(before).flatMap((event) => conditionOfEvent(event, settings) ?? []);
    cases.push(...takeConditions(site, asset, conditions, settings).map((told) => told.case));
    return { expected: evaluation.expected['temperature']?.value, verdict: evaluation.anomaly.verdict, signals: evaluation.anomaly.signals.map(({ property }) => property) };
  };
  return { site, asset, events, cases, row };
}

const random = new SeededRandom(11);
const usual = (): Required<Omit<Row, 'quality'>> => ({ temperature: 61 + random.normal(), pressure: 4 + 0.05 * random.normal() });
const fahrenheit = (celsius: number): number => celsius * 1.8 + 32;

describe('data quality in what is learned and told, row by row', function () {
  this.timeout(30_000);

  it('bad and uncertain: neither is learned, neither raises an anomaly', async () => {
    for (const quality of ['bad', 'uncertain'] as const) {
      const { row, cases } = await oven();
      for (let index = 0; index < 600; index += 1) row(usual());
      const { expected: before = NaN } = row(usual());
      for (let index = 0; index < 600; index += 1) {
        const { verdict, signals } = row({ ...usual(), temperature: 250, quality });
        assert.ok(verdict !== 'anomaly' || !signals.includes('temperature'), `${quality}, row ${index}`);
      }
      const { expected: after = NaN } = row(usual());
      assert.ok(Math.abs(after - before) < 0.5, `${quality}: expected ${before}, then ${after}`);
      assert.ok(cases.every(({ signals }) => signals.every(({ kind }) => kind === 'stuck' || kind === 'dropout')), JSON.stringify(cases.map(({ signals }) => signals)));
    }
  });

  /**
   * Two of the same machine: one gets good rows, the other beside them the same once more, late ones, text and null.
   * @param plant what a faulty site would make of a row before it takes it
   * @returns the first row whose verdict is another one (undefined: none), and what was found in all
   */
  async function firstOther(plant = (values: Record<string, unknown>, timeMs: number): [Record<string, unknown>, number] => [values, timeMs]): Promise<{ row?: number; kinds: Set<string> }> {
    const names = ['one', 'two', 'three', 'four'];
    const { type: gang } = compileTwinType({ name: 'gang', version: 1, properties: names.map((name) => ({ name, unit: 'bar' })) });
    const { site, clock } = await startSite();
    site.addJudge('judge');
    const [clean, odd] = ['clean', 'odd'].map((key) => site.register(registration(key, { type: gang })));
    const feed = (asset: AssetTwin, given: Record<string, unknown>, givenMs: number): Anomaly | undefined => {
      const [values, timeMs] = asset === odd ? plant(given, givenMs) : [given, givenMs];
      const update = asset.twin.applyRow(values, timeMs, clock.wallMs);
      if (update.accepted.length === 0) return undefined;
      const message = twinMessage(asset.twin, update, { row: asset.takeRows(1) });
      return asset.evaluate(message)?.anomaly;
    };
    const rowOf = (values: readonly number[]): Record<string, unknown> => Object.fromEntries(names.map((name, column) => [name, 10 + values[column]!]));
    const rows = [...companions(61, 900), ...jointFaults.apart(companions(62, 80), companions(63, 80))];
    const kinds = new Set<string>();
    try {
      for (const [index, row] of rows.entries()) {
        clock.wallMs += 1_000;
        const told = feed(clean!, rowOf(row), clock.wallMs);
        assert.ok(told !== undefined);
        for (const { kind } of told.signals) kinds.add(kind);
        if (!isDeepStrictEqual(feed(odd!, rowOf(row), clock.wallMs), told)) return { row: index, kinds };
        if (index % 5 > 0) continue;
        // The same once more, and rows that are late by more than one.
        feed(odd!, rowOf(row), clock.wallMs);
        feed(odd!, rowOf([-3, 3, -3, 3]), clock.wallMs - 1_500);
        const [text, other] = [['', 'open', '12,5', '0x10', 'NaN'][(index / 5) % 5], [null, true, [], {}, '1e400'][(index / 5) % 5]];
        feed(odd!, { one: text, two: other, three: other, four: text }, clock.wallMs + 300);
      }
      return { kinds };
    } finally {
      await site.stop();
    }
  }

  it('signals that go together: text, null, repeated and late values change no later verdict on good ones', async () => {
    const { row, kinds } = await firstOther();
    assert.equal(row, undefined, `row ${row}`);
    assert.ok(kinds.has('relation'), `the fault must be one of their company: ${[...kinds].join()}`);
  });

  const numbersFor = (isOdd: (value: unknown) => boolean) => (values: Record<string, unknown>, timeMs: number): [Record<string, unknown>, number] =>
    [Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isOdd(value) ? 10 + Number(value === '' || value === null ? 0 : 1) : value])), timeMs];
  const planted: Record<string, (values: Record<string, unknown>, timeMs: number) => [Record<string, unknown>, number]> = {
    'takes text for a number': numbersFor((value) => typeof value === 'string'),
    'takes null for a number': numbersFor((value) => value === null),
    'takes a late row for one of now': (values, timeMs) => [values, timeMs % 1_000 === 500 ? timeMs + 1_750 : timeMs],
  };
  for (const [fault, plant] of Object.entries(planted)) {
    it(`and it is noticed where a site ${fault}`, async () => {
      const { row } = await firstOther(plant);
      assert.ok(row !== undefined);
    });
  }

  it('stuck: bit-equal on a noisy property while the others move is told', async () => {
    const { row } = await oven();
    for (let index = 0; index < 900; index += 1) row(usual());
    let found: string[] = [];
    for (let index = 0; index < 300; index += 1) {
      const { verdict, signals } = row({ ...usual(), temperature: 61 });
      if (verdict === 'anomaly') found = signals;
    }
    assert.ok(found.includes('temperature'), found.join());
  });

  it('unit or scale change: asks once, in one case; what is normal stays as it was; over by itself when it is corrected', async () => {
    for (const [change, text] of [[fahrenheit, '°C → °F'], [(celsius: number) => celsius * 10, '× 10'], [(celsius: number) => celsius + 273.15, '°C → K']] as const) {
      const { row, events, cases } = await oven();
      for (let index = 0; index < 900; index += 1) row(usual());
      const { expected: before = NaN } = row(usual());
      const anomalies: number[] = [];
      for (let index = 0; index < 1200; index += 1) {
        const values = usual();
        if (row({ ...values, temperature: change(values.temperature) }).verdict === 'anomaly') anomalies.push(index);
      }
      const asked = events.filter(({ kind, active }) => kind === 'quality' && active !== undefined);
      assert.deepEqual(asked.map(({ property, active }) => [property, active]), [['temperature', true]], text);
      assert.ok(asked[0]?.text.includes(text) && asked[0].text.endsWith('?') === false, asked[0]?.text);
      assert.ok(anomalies.every((index) => index < 30), `${text}: ${anomalies.slice(0, 40).join()}`);
      assert.equal(new Set(cases.map(({ id }) => id)).size, 1, text);
      assert.ok(cases.length <= 4, `${text}: ${cases.map(({ change: what }) => what).join()}`);
      assert.deepEqual(cases.at(-1)?.signals.map(({ property, kind }) => [property, kind]), [['temperature', 'unit']], text);
      // The integrator corrects the scale.
      const after = row(usual());
      assert.ok(Math.abs((after.expected ?? NaN) - before) < 0.5, `${text}: expected ${before}, then ${after.expected}`);
      // What a detector still has of the jump goes by soon, in the same case.
      for (let index = 0; index < 180; index += 1) {
        const { verdict } = row(usual());
        assert.ok(verdict !== 'anomaly' || index < 30, `${text}, row ${index}`);
      }
      assert.equal(new Set(cases.map(({ id }) => id)).size, 1, text);
      assert.deepEqual(events.filter(({ kind, active }) => kind === 'quality' && active === false).length, 1);
      assert.equal(cases.at(-1)?.state, 'cleared', text);
    }
  });

  it('unit change: or it is learned anew, where the new unit is right', async () => {
    const { row, events, cases, asset } = await oven();
    for (let index = 0; index < 900; index += 1) row(usual());
    for (let index = 0; index < 60; index += 1) row({ temperature: fahrenheit(usual().temperature), pressure: 4 + 0.05 * random.normal() });
    asset.learnAgain(['temperature', 'loss']);
    for (let index = 0; index < 900; index += 1) row({ temperature: fahrenheit(61 + random.normal()), pressure: 4 + 0.05 * random.normal() });
    assert.deepEqual(events.filter(({ kind, active }) => kind === 'quality' && active !== undefined).map(({ active }) => active), [true, false]);
    assert.equal(cases.at(-1)?.state, 'cleared');
    const { expected } = row({ temperature: fahrenheit(61), pressure: 4 });
    assert.ok(Math.abs((expected ?? NaN) - fahrenheit(61)) < 2, String(expected));
  });

  it('no unit change: a real fault that is far off and fits none is an anomaly as ever', async () => {
    const { row, events } = await oven();
    for (let index = 0; index < 900; index += 1) row(usual());
    let last = '';
    for (let index = 0; index < 60; index += 1) last = row({ ...usual(), temperature: 95 + random.normal() }).verdict;
    assert.equal(last, 'anomaly');
    assert.deepEqual(events.filter(({ kind }) => kind === 'quality'), []);
  });
});
