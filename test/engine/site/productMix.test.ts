import assert from 'node:assert/strict';
import { LineThreads } from '../../../adapters/simulation/lineThreads.ts';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { LineFrame } from '../../../contract/line.ts';
import type { ScenarioAnswer, ScenarioChange } from '../../../contract/lineAnswers.ts';
import type { HistoryPoint } from '../../../engine/ports.ts';
import { LineTwin, type LineStationSettings } from '../../../engine/process/lineTwin.ts';
import type { RecordedModel } from '../../../engine/process/recordedModel.ts';
import { LineFrameRecord } from '../../../engine/site/lineFrames.ts';
import { mixChange, whyNoMix } from '../../../engine/site/productMix.ts';
import { productNotes } from '../../../engine/site/productSentences.ts';
import { changeText, whyNot } from '../../../engine/site/scenarioSentences.ts';
import { Site } from '../../../engine/site/site.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { plantRate, productNames, productPlant, plantRecord } from '../process/productPlant.ts';
import { registration, TestClock } from './siteFixture.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const reasons = [
  whyNoMix(undefined), whyNoMix({ names: Array.from({ length: 13 }, String), series: [{ station: 'x', readings: { times: Float64Array.of(1), values: Float64Array.of(1) } }], runs: [] }),
  mixChange([], undefined),
  ...([[['d', 5]], [['a', 60], ['b', 50]], [['a', 5], ['a', 6]], [['a', 50], ['b', 20]], [['', 5]], [['a', 5, 'x']]] as [string, number, string?][][]).map((rows) => mixChange(
    rows.map(([property, amount, station = '']) => ({ kind: 'mix', property, amount, station })), { kinds: [{ name: 'a', share: 0.6, parts: 60 }, { name: 'b', share: 0.4, parts: 40 }] },
  )),
].map(String);
const keys = ['filler', 'sealer', 'labeller'];
const words: Record<string, string> = { producing: 'Execute', starved: 'Starved', blocked: 'Blocked', down: 'Aborted', setup: 'Setup' };
const plant = { shares: [0.6, 0.4], partsPerChange: 150 };

describe('a mix of products asked of a line', function () {
  this.timeout(60_000);
  const threads = new LineThreads(2);
  after(() => threads.close());

  /** A line that has lived through a plant's twelve hours, after four days of which the batches are on record. */
  async function lived({
    language = 'en-US' as 'en-US' | 'de', batch = 'product', names = productNames as readonly string[], days = true, shares = plant.shares as readonly number[], hours = 8,
  } = {}): Promise<Site> {
    const clock = new TestClock();
    const startMs = clock.wallMs - hours * hourMs;
    const record = plantRecord(productPlant({ ...plant, shares }), { seed: 8, hours });
    const store = openMemoryStore();
    const site = new Site(
      { id: 'site', name: 'Plant', language, clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 },
      { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox, lineWork: threads },
    );
    await site.start();
    for (const key of keys) {
      const properties = [{ name: 'mode', valueKind: 'state' }, { name: 'cycles', valueKind: 'counter' }, ...(key === 'filler' ? [{ name: 'product', valueKind: 'state' }] : [])];
      site.register(registration(key, { name: key, type: compileTwinType({ name: key, version: 1, properties } as never).type }));
    }
    const twin = new LineTwin({ key: 'line', periodMs: hours * hourMs, staleAfterMs: 12 * hourMs, batch, phase: '' });
    const stations = keys.map((key, index): LineStationSettings => ({ key, before: index === 0 ? [] : [keys[index - 1]!], parts: 'cycles', bad: [], modes: new Map() }));
    twin.setStations(stations);
    const points: HistoryPoint[] = [];
    const told: { station: string; timeMs: number; mode: string; values: Record<string, string> }[] = [];
    for (const { key, parts, stretches } of record.stations) {
      for (const { fromMs, state } of stretches) told.push({ station: key, timeMs: startMs + fromMs, mode: words[state]!, values: {} });
      for (const [at, timeMs] of parts!.times.entries()) points.push({ twin: key, property: 'cycles', timeMs: Math.round(startMs + timeMs), value: parts!.values[at]!, quality: 'good' });
    }
    const { times, values } = record.products!.series[0]!.readings;
    for (const [at, timeMs] of times.entries()) points.push({ twin: 'filler', property: 'product', timeMs: Math.round(startMs + timeMs), value: names[values[at]! % names.length]!, quality: 'good' });
    for (const word of told.sort((one, other) => one.timeMs - other.timeMs)) twin.take(word);
    twin.advance(clock.wallMs);
    const frames = [0.3, 0.35, 0.5, 0.4].flatMap((share, day) => [0, 1].map((product): LineFrame => {
      const fromMs = clock.wallMs - (5 - day) * dayMs + product * 10 * hourMs;
      return {
        kind: 'batch', station: 'filler', name: productNames[product]!, startMs: fromMs, endMs: fromMs + 9 * hourMs, atStart: { cycles: 0 },
        atEnd: { cycles: Math.round(8_000 * (product === 1 ? share : 1 - share)) },
      };
    }));
    for (const frame of days ? frames : []) points.push(...new LineFrameRecord('line').points([frame]));
    await store.historian.write(points);
    site.lines.open('line', 'node');
    site.lines.tell({ key: 'line', name: 'Line 1', twin, periodMs: hours * hourMs, staleAfterMs: 300_000, batch, plannedHours: 24, stations });
    return site;
  }

  const asked = (site: Site, amount: number, more: Partial<ScenarioChange> = {}, forced = false): Promise<ScenarioAnswer> =>
    site.studies.whatIf('line', { changes: [{ kind: 'mix', property: 'b', amount, ...more }], forced });
  let site: Site;
  before(async () => {
    site = await lived();
  });

  it('more of what takes longer: the plant’s own loss is in the interval, its set-ups stay as often, and the notes say what was seen', async () => {
    const answer = await asked(site, 45);
    const [throughput] = answer.figures;
    const exact = plantRate({ ...plant, shares: [0.55, 0.45] }) - plantRate(plant);
    assert.ok(throughput!.change.low < exact && exact < throughput!.change.high && throughput!.change.value < 0, `${JSON.stringify(throughput!.change)}, exactly ${exact}`);
    assert.ok(throughput!.today.low < plantRate(plant) && plantRate(plant) < throughput!.today.high, JSON.stringify(throughput!.today));
    assert.equal(answer.trust, 'inside experience');
    assert.match(answer.sentence, /^b 45 % of the parts: .* sealer still limits the line\. Trust: inside experience\.$/);
    for (const what of [
      /^Products: a [56][\d.]+ %, b [34][\d.]+ %; \d+ changes, one in 1[45]\d parts\. The simulation changes as often\.$/, /^sealer needs per part: a [34]\.?\d* s, b [78]\.?\d* s\.$/,
      /^sealer: [45]\.?\d* min of set-up per change of product on average\.$/, /^No difference of working times between products was seen: filler, labeller\.$/,
    ]) assert.ok(answer.notes.some((note) => what.test(note)), `${what}\n${answer.notes.join('\n')}`);
  });

  it('how far it can be trusted goes by the shares of the days; today’s share changes nothing', async () => {
    assert.deepEqual([(await asked(site, 52)).trust, (await asked(site, 90)).verdict], ['at the edge', 'withheld']);
    const forced = await asked(site, 90, {}, true);
    assert.ok(forced.trust === 'never seen' && forced.figures[0]!.change.value < -30, forced.sentence);
    const mix = (await site.studies.choices('line')).find(({ kind }) => kind === 'mix')!;
    assert.deepEqual(mix.of.map(({ property, station, label }) => [property, station, label]), [['a', '', 'a'], ['b', '', 'b']]);
    const now = mix.of[1]!.now!;
    assert.ok(now > 35 && now < 45 && Math.abs(mix.of[0]!.now! + now - 100) < 0.2, String(now));
    const today = await asked(site, now);
    for (const { name, today: before, after, change } of today.figures) assert.deepEqual([after, change], [before, { value: 0, low: 0, high: 0 }], name);
    assert.equal(today.trust, 'inside experience');
  });

  it('together with another change; two products at once', async () => {
    const both = await site.studies.whatIf('line', { changes: [{ kind: 'mix', property: 'b', amount: 45 }, { kind: 'speed', station: 'sealer', amount: 5 }], forced: true });
    const [alone] = (await asked(site, 45)).figures;
    assert.ok(both.figures[0]!.after.value > alone!.after.value + 10, both.sentence);
    const two = await site.studies.whatIf('line', { changes: [{ kind: 'mix', property: 'b', amount: 45 }, { kind: 'mix', property: 'a', amount: 55 }] });
    assert.deepEqual(two.figures[0], alone);
  });

  it('what cannot be tried is said, in both languages', async () => {
    const refused = async (of: Site, change: Partial<ScenarioChange>, why: string): Promise<void> => {
      const isRight = ({ code, found }: { code: string; found: string }): boolean => code === 'TWIN_WHAT_IF_CHANGE' && found.includes(why);
      await assert.rejects(asked(of, 50, change), isRight, why);
    };
    await refused(site, { property: 'd' }, 'the line never made d; it made a, b');
    await refused(site, { property: '' }, 'it needs a product');
    await refused(site, { amount: 101 }, '101 is not between 0 and 100');
    await refused(site, { station: 'sealer' }, 'leave the station empty');
    const line = site.lines.of('line');
    for (const batch of ['', 'recipe']) {
      site.lines.tell({ ...line, batch });
      await refused(site, {}, 'does not tell products apart');
    }
    site.lines.tell(line);
    const one = await lived({ names: ['water'], days: false, hours: 1 });
    await refused(one, {}, 'only one product ever ran, water');
    assert.ok(!(await one.studies.choices('line')).some(({ kind }) => kind === 'mix'));
    await refused(await lived({ names: ['a'], hours: 1 }), {}, 'only a ran in the time that the line looks back');
    await assert.rejects(site.studies.whatIf('line', { changes: [{ kind: 'mix', property: 'b', amount: 70 }, { kind: 'mix', property: 'a', amount: 40 }] }), /together the shares are above 100 %/);
    await refused(await lived({ language: 'de', names: ['a'], hours: 1 }), {}, 'in der Zeit, auf die die Linie zurückblickt, lief nur a');
    for (const reason of reasons) assert.ok(!/\b(the|of|it|is)\b/.test(whyNot(reason, 'de')), whyNot(reason, 'de'));
  });

  it('speaks German', () => {
    assert.equal(changeText({ kind: 'mix', property: 'b', amount: 42.5 }, '', undefined, 'de'), 'b 42,5 % der Teile');
    const products = {
      kinds: [{ name: 'a', share: 0.6, parts: 60 }, { name: 'b', share: 0.4, parts: 40 }, { name: 'c', share: 0, parts: 0 }],
      changes: 4, partsPerChange: 25, uncertain: 0.1, shares: [], seenIn: { days: 4 },
      stations: [{ station: 'sealer', cycles: [], scrap: [{ name: 'b', share: { value: 0.091 } }], scrapOfOthers: 0.02, few: [{ name: 'b', parts: 4 }, { name: 'c', parts: 0 }] }],
      neverChanged: [['a', 'b']],
    };
    assert.deepEqual(productNotes({ products, setups: [] } as unknown as RecordedModel, true, (key) => key, 'de'), [
      'Produkte: a 60 %, b 40 %; 4 Wechsel, einer alle 25 Teile. So oft wird auch simuliert gewechselt.', 'sealer, schlechte Teile: b 9,1 %; die anderen 2 %.',
      'Kein Unterschied der Arbeitszeiten zwischen Produkten zu sehen: sealer.',
      'Bei keinem Wechsel des Produkts war je Rüsten zu sehen; simuliert wird ohne.', 'b: zu wenige Teile, um Arbeitszeiten zu unterscheiden (sealer).',
      'c: nie ein Teil gezählt; gerechnet wird wie mit den anderen.', 'Ein Wechsel von a zu b kam nie vor; Rüsten wie bei den anderen.',
    ]);
  });

  it('numbers of lots are no products', async () => {
    const lots = await lived({ days: false, hours: 1 });
    const { historian } = lots;
    const nowMs = lots.clock.nowMs();
    await historian.write(Array.from({ length: 13 }, (_, lot): HistoryPoint => ({ twin: 'filler', property: 'product', timeMs: nowMs - (20 - lot) * 60_000, value: `lot ${lot}`, quality: 'good' })));
    await assert.rejects(asked(lots, 50), /names more than 12 things/);
    assert.ok(!(await lots.studies.choices('line')).some(({ kind }) => kind === 'mix'));
  });
});
