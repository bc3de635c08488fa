import assert from 'node:assert/strict';
import { LineThreads } from '../../../adapters/simulation/lineThreads.ts';
import { openMemoryStore } from '../../../adapters/memory/memoryStore.ts';
import type { Scenario } from '../../../contract/lineAnswers.ts';
import type { HistoryPoint, Json } from '../../../engine/ports.ts';
import { LineTwin, type LineStationSettings } from '../../../engine/process/lineTwin.ts';
import { numbersOf } from '../../../engine/site/lineStudies.ts';
import { Site } from '../../../engine/site/site.ts';
import type { LineModel } from '../../../engine/simulation/lineModel.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import { packagingLine, type PlantLine, plantLine, type PlantStory } from './plantLine.ts';
import { registration, TestClock } from './siteFixture.ts';

const hourMs = 3_600_000;
const typeOf = (key: string) => compileTwinType({
  name: key, version: 1,
  properties: [
    { name: 'mode', valueKind: 'state' }, { name: 'cycles', valueKind: 'counter' },
    ...(key === 'filler' ? [{ name: 'weight', label: 'weight', unit: 'g' }] : []),
    ...(key === 'sealer'
      ? [
          { name: 'jaw', label: 'jaw temperature', unit: 'Cel' }, { name: 'pressure', label: 'pressure', unit: 'bar' }, { name: 'power', unit: 'kW' },
          { name: 'setTemperature', unit: 'Cel', valueKind: 'setpoint' },
        ]
      : []),
    ...(key === 'labeller' ? [{ name: 'torque', label: 'torque', unit: 'N.m' }, { name: 'rejects', valueKind: 'counter' }] : []),
  ],
}).type;

const names: Record<string, string> = { filler: 'Filler', sealer: 'Sealing station', labeller: 'Labeller' };

describe('questions about a line', function () {
  this.timeout(60_000);
  const threads = new LineThreads(2);
  after(() => threads.close());

  /** A site that has lived through a plant's hours. */
  async function lived(
    story: Partial<PlantStory> = {}, { language = 'en-US' as 'en-US' | 'de', before = {} as Record<string, string[]>, plannedHours = 24, steps = [] as ('pause' | 'read')[] } = {},
  ): Promise<{ site: Site; plant: PlantLine }> {
    const clock = new TestClock();
    const hours = story.hours ?? 3;
    const plant = plantLine({ seed: 5, startMs: clock.wallMs - hours * hourMs, hours, ...story });
    const store = openMemoryStore();
    const site = new Site(
      { id: 'site', name: 'Plant', language, clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 },
      {
        clock, state: store.state, graph: store.graph, outbox: store.outbox, lineWork: threads,
        historian: {
          ...store.historian,
          columns: (...asked) => {
            steps.push('read');
            return store.historian.columns(...asked);
          },
        },
        pause: async () => void steps.push('pause'),
        localTime: (timeMs) => new Date(timeMs).toISOString().slice(11, 16),
      },
    );
    await site.start();
    for (const key of plant.keys) site.register(registration(key, { name: names[key]!, type: typeOf(key) }));
    const settings = { key: 'line', periodMs: hours * hourMs, staleAfterMs: 300_000, batch: '', phase: '' };
    const twin = new LineTwin(settings);
    const chain: Record<string, string[]> = { filler: [], sealer: ['filler'], labeller: ['sealer'], ...before };
    const stations = plant.keys.map((key): LineStationSettings => ({ key, before: chain[key]!, parts: 'cycles', bad: key === 'labeller' ? ['rejects'] : [], modes: new Map() }));
    twin.setStations(stations);
    const points: HistoryPoint[] = [];
    const words = plant.keys.flatMap((station) => plant.rows.get(station)!.map(({ timeMs, values }) => ({ station, timeMs, mode: String(values['mode']), values })));
    for (const word of words.sort((one, other) => one.timeMs - other.timeMs)) {
      twin.take(word);
      for (const [property, value] of Object.entries(word.values)) {
        if (property !== 'mode') points.push({ twin: word.station, property, timeMs: word.timeMs, value, quality: 'good' });
      }
    }
    twin.advance(clock.wallMs);
    await store.historian.write(points);
    site.lines.open('line', 'node');
    site.lines.tell({ key: 'line', name: 'Line 1', twin, periodMs: settings.periodMs, staleAfterMs: settings.staleAfterMs, batch: '', plannedHours, stations });
    return { site, plant };
  }

  let site: Site;
  let plant: PlantLine;
  before(async () => {
    ({ site, plant } = await lived({ hours: 5 }));
  });

  it('names the planted cause first, as a sentence, with its way and both distributions', async () => {
    const answer = await site.studies.cause('line', { about: 'scrap' });
    assert.equal(answer.verdict, 'conditions', answer.sentence);
    const [first] = answer.conditions;
    assert.equal(`${first!.station}/${first!.property}`, 'sealer/jaw');
    const pattern = /^Sealing station: (\d+) % of the scrap since \d\d:\d\d goes with jaw temperature [3-5][.\d]*–[5-7][.\d]* °C low \((\d+) of (\d+) bad parts, [\d,]+ of [\d,]+ good\)/;
    const sentence = pattern.exec(answer.sentence);
    assert.ok(sentence !== null, answer.sentence);
    assert.ok(Number(sentence[1]) >= 80 && Number(sentence[3]) === plant.bad && answer.bad + answer.good === plant.parts, answer.sentence);
    assert.deepEqual(first!.path.map(({ name }) => name), ['Sealing station', 'Labeller']);
    const { edges, bad, good } = first!.distributions;
    assert.ok(edges.length === bad.length + 1 && bad.length === good.length);
    const mean = (counts: readonly number[]): number => counts.reduce((sum, count, step) => sum + count * edges[step]!, 0) / counts.reduce((sum, count) => sum + count, 0);
    assert.ok(mean(bad) < mean(good) - 2, JSON.stringify(first!.distributions));
    const way = answer.ways.find(({ station }) => station === 'sealer')!;
    // 40 s of belt and the labeller's own work.
    assert.ok(way.seconds > 40 && way.seconds < 48 && way.parts > 1_000 && !way.given, JSON.stringify(way));
    assert.ok(!answer.sentence.includes('weight'));
    // The sealer limits, so the buffer before it is mostly full, and the way through it is counted by its twelve places.
    const filler = answer.ways.find(({ station }) => station === 'filler')!;
    assert.ok(filler.seconds > 85 && filler.seconds < 105, JSON.stringify(filler));
    assert.ok(answer.notes.some((note) => /^Filler: parts needed \d\d to \d+ s from there; it was looked at as of 9\d s\.$/.test(note)), answer.notes.join('\n'));
  });

  it('others have a turn before every reading of the history, and before the states of every station', async () => {
    const steps: ('pause' | 'read')[] = [];
    const { site: paused } = await lived({}, { steps });
    const together = (): number => steps.filter((step, at) => step === 'read' && steps[at - 1] !== 'pause').length;
    steps.length = 0;
    const answer = await paused.studies.cause('line', { about: 'scrap' });
    const reads = steps.filter((step) => step === 'read').length;
    // Four counters, and every value but counters and states.
    assert.deepEqual([reads, steps.length - reads, together()], [4 + 6, 4 + 6 + 3, 0], steps.join());
    assert.equal(answer.conditions[0]!.property, 'jaw');
    steps.length = 0;
    await paused.studies.whatIf('line', { changes: [{ kind: 'speed', station: 'sealer', amount: 5 }], forced: true });
    // Four counters and the power of the sealer.
    assert.deepEqual([steps.filter((step) => step === 'read').length, together()], [5, 0], steps.join());
    steps.splice(0, Infinity, 'pause', 'read', 'read');
    assert.equal(together(), 1);
  });

  it('readings are numbers, or nothing where the quality is bad or the value is none', () => {
    const qualities = Uint8Array.from([0, 1, 2, 0, 0]);
    const given = Float64Array.from([1, 2, 3, NaN, -0]);
    const numbers = numbersOf({ times: given, values: given, qualities });
    assert.deepEqual(numbers, Float64Array.from([1, 2, NaN, NaN, -0]));
    assert.notEqual(numbers.buffer, given.buffer);
    assert.deepEqual(numbersOf({ times: given, values: ['18014398509481984', 2, 3, 'open', null], qualities }), Float64Array.from([18_014_398_509_481_984, 2, NaN, NaN, NaN]));
  });

  it('a floor is a floor; a clean line says none of these', async () => {
    const few = await site.studies.cause('line', { about: 'scrap', fewestBad: plant.bad + 1 });
    assert.equal(few.sentence, `Not enough data: ${plant.bad} bad parts, needs ${plant.bad + 1}.`);
    assert.deepEqual(few.conditions, []);
    const late = plant.endMs - 120_000;
    const whole = await site.studies.cause('line', { about: 'scrap', sinceMs: late });
    assert.deepEqual([whole.conditions[0]!.property, whole.bad], ['jaw', plant.bad]);
    assert.ok(whole.notes.includes('Labeller: nothing goes with the bad parts since then alone; all of the time were looked at.'), whole.notes.join('\n'));
    const half = await site.studies.cause('line', { about: 'scrap', sinceMs: plant.endMs - 2 * hourMs });
    assert.ok(half.conditions[0]!.property === 'jaw' && half.bad < plant.bad && half.good === whole.good && half.sinceMs === plant.endMs - 2 * hourMs, half.sentence);
    await assert.rejects(site.studies.cause('line', { about: 'scrap', sinceMs: plant.endMs + 1 }), { code: 'TWIN_CAUSE_SINCE' });
    const clean = await lived({ clean: true, base: 0.02 });
    const none = await clean.site.studies.cause('line', { about: 'scrap' });
    assert.equal(none.verdict, 'none of these', none.sentence);
    assert.match(none.sentence, /^None of these: nothing that is measured goes with the \d+ bad parts/);
  });

  it('stops, slow time and a case are asked the same way, of stretches of time', async () => {
    const stops = await site.studies.cause('line', { about: 'stops', station: 'sealer', fewestBad: 5 });
    // Nothing was planted for them.
    assert.equal(stops.verdict, 'none of these', stops.sentence);
    assert.match(stops.sentence, /stops/);
    const few = await site.studies.cause('line', { about: 'stops', station: 'sealer' });
    assert.match(few.sentence, /^Not enough data: \d+ stops, needs 20\.$/);
    assert.match((await site.studies.cause('line', { about: 'case', station: 'labeller' })).sentence, /^Not enough data: 0 stretches with it, needs 20\.$/);
    const slow = await site.studies.cause('line', { about: 'slow', fewestBad: 3 });
    assert.ok(slow.station === 'labeller' && slow.bad > 3 && slow.good > 100, slow.sentence);
  });

  it('+5 % on what does not limit changes almost nothing; on what limits it does, and the plant agrees', async () => {
    const spare = await site.studies.whatIf('line', { changes: [{ kind: 'speed', station: 'labeller', amount: 5 }], forced: true });
    assert.ok(spare.gainsAlmostNothing && spare.limitToday.key === 'sealer', spare.sentence);
    assert.match(spare.sentence, /^Labeller: Speed \+5 % changes almost nothing: .* Sealing station still limits the line\./);
    const limit = await site.studies.whatIf('line', { changes: [{ kind: 'speed', station: 'sealer', amount: 5 }], forced: true });
    const truth = [plantModel(1), plantModel(1.05)].map((model) => simulateLine(model, { seed: 99, warmUpS: 3_600, runS: 400_000 }).perSecond * 3_600);
    const gain = truth[1]! - truth[0]!;
    const [throughput] = limit.figures;
    // Of all parts; the twin counts the good ones, nine of ten.
    const good = 1 - plant.bad / plant.parts;
    assert.ok(!limit.gainsAlmostNothing && throughput!.change.low < good * gain && good * gain < throughput!.change.high, JSON.stringify([gain, throughput]));
    assert.ok(throughput!.today.low < good * truth[0]! && good * truth[0]! < throughput!.today.high, JSON.stringify([truth, throughput]));
    const sealer = limit.fit.stations.find(({ station }) => station === 'sealer')!;
    assert.ok(Math.abs(sealer.cycleS.value / 4 - 1) < 0.05 && sealer.stops > 5, JSON.stringify(sealer));
    assert.equal(limit.fit.stations[0]!.places, 12);
    assert.ok(limit.notes.some((note) => note === 'Labeller: never seen to stop in 5 h; it is simulated without stops.'), limit.notes.join('\n'));
    assert.deepEqual(limit.figures.map(({ name }) => name), ['throughput', 'wip', 'leadTime', 'oee', 'scrap', 'energy']);
    for (const { name, today, after, change } of limit.figures) for (const { low, value, high } of [today, after, change]) assert.ok(low <= value && value <= high && Number.isFinite(value), name);
    // A second on the same line costs no new fit: it is the same line.
    const again = await site.studies.whatIf('line', { changes: [{ kind: 'speed', station: 'sealer', amount: 5 }], forced: true });
    assert.deepEqual(again.figures, limit.figures);
  });

  it('what was never seen is withheld unless it is forced; settings that never varied are not identifiable', async () => {
    const withheld = await site.studies.whatIf('line', { changes: [{ kind: 'speed', station: 'sealer', amount: 60 }] });
    assert.deepEqual([withheld.verdict, withheld.trust, withheld.figures], ['withheld', 'never seen', []]);
    assert.match(withheld.sentence, /^Sealing station: Speed \+60 %: the line was never run anywhere near this/);
    const jaw = await site.studies.whatIf('line', { changes: [{ kind: 'setting', station: 'sealer', property: 'jaw', amount: 2 }] });
    const [quality] = jaw.quality;
    assert.ok(quality!.verdict === 'answer' && quality!.after!.value < quality!.today! && quality!.after!.low < quality!.after!.value, jaw.sentence);
    const never = await site.studies.whatIf('line', { changes: [{ kind: 'setting', station: 'sealer', property: 'setTemperature', amount: 2 }] });
    assert.match(never.sentence, /not identifiable, for Sealing station setTemperature never varied\.$/);
  });

  it('operators and planned hours; what the line has not is refused', async () => {
    const people = await site.studies.whatIf('line', { changes: [{ kind: 'operators', amount: 1 }], operators: 1, forced: true });
    // Filler and sealer now and then stop at the same time, and one person sees to one of them.
    assert.ok(people.figures[0]!.change.value > 0, people.sentence);
    const day = await lived({}, { plannedHours: 8 });
    const longer = await day.site.studies.whatIf('line', { changes: [{ kind: 'hours', amount: 8 }], forced: true });
    const [throughput] = longer.figures;
    assert.equal(throughput!.unit, 'parts/day');
    assert.ok(Math.abs(throughput!.after.value / throughput!.today.value - 2) < 0.05, JSON.stringify(throughput));
    const refused: [Scenario, RegExp][] = [
      [{ changes: [] }, /1 to 20 changes/], [{ changes: [{ kind: 'speed', station: 'nobody', amount: 5 }] }, /nothing of this name/],
      [{ changes: [{ kind: 'speed', amount: NaN }] }, /not between/], [{ changes: [{ kind: 'operators', amount: 1 }] }, /how many people/],
      [{ changes: [{ kind: 'hours', amount: 1 }] }, /planned at all times/], [{ changes: [{ kind: 'places', amount: 1 }] }, /needs a station/],
      [{ changes: [{ kind: 'places', station: 'filler', amount: 1 }] }, /no buffer/], [{ changes: [{ kind: 'mix', property: 'a', amount: 50 }] }, /tell products apart/],
      [{ changes: [{ kind: 'setting', station: 'sealer', amount: 1 }] }, /needs a property/], [{ changes: [{ kind: '__proto__' as 'speed', amount: 1 }] }, /no such change/],
    ];
    for (const [scenario, why] of refused) {
      const isRight = ({ code, found }: { code: string; found: string }): boolean => code === 'TWIN_WHAT_IF_CHANGE' && why.test(found);
      await assert.rejects(site.studies.whatIf('line', scenario), isRight, JSON.stringify(scenario));
    }
    const choices = await site.studies.choices('line');
    assert.deepEqual(choices.map(({ kind }) => kind), ['speed', 'repair', 'failures', 'places', 'operators', 'setting']);
    assert.deepEqual(choices.find(({ kind }) => kind === 'places')!.of.map(({ station }) => station), ['sealer', 'labeller']);
  });

  it('scenarios are stored with their answers, compared anew, and kept by the site; twenty at most', async () => {
    const changes = [{ kind: 'setting', station: 'sealer', property: 'jaw', amount: 2 }] as const;
    await site.studies.store('line', { name: 'warmer', changes: [...changes] });
    await site.studies.store('line', { name: ' warmer ', changes: [{ ...changes[0], amount: 1 }] });
    assert.deepEqual(site.studies.stored('line').map(({ name, scenario }) => [name, scenario.changes[0]!.amount]), [['warmer', 1]]);
    const kept = site.studies.takeChanges();
    assert.deepEqual(kept.map(({ key }) => key), ['scenarios/line']);
    const other = await lived();
    other.site.studies.load('line', kept[0]!.value as Json);
    assert.deepEqual((await other.site.studies.compare('line')).map(({ name, answer }) => [name, answer.quality[0]!.verdict]), [['warmer', 'answer']]);
    for (let more = 1; more < 20; more += 1) await site.studies.store('line', { name: `w${more}`, changes: [...changes] });
    await assert.rejects(site.studies.store('line', { name: 'one more', changes: [...changes] }), { code: 'TWIN_SCENARIOS_FULL' });
    await assert.rejects(site.studies.store('line', { name: ' ', changes: [...changes] }), { code: 'TWIN_SCENARIO_NAME' });
    assert.equal(site.studies.forget('line', 'warmer'), true);
    assert.equal(site.studies.forget('line', 'warmer'), false);
  });

  it('bad input is said and nothing is invented: skewed clocks, resets, silent stations, loops, no counters', async () => {
    const skewed = await lived({ skewMs: 60_000 });
    const early = await skewed.site.studies.cause('line', { about: 'scrap' });
    // Its clock is a minute ahead, so parts seem to arrive 17 s before they leave.
    assert.ok(early.notes.some((note) => /^Sealing station: its parts seem to arrive about 1[5-9] s before they left; the clocks/.test(note)), early.notes.join('\n'));
    assert.ok(!early.conditions.some(({ station }) => station === 'sealer'), early.sentence);
    // The person knows the way all the same.
    const told = await skewed.site.studies.cause('line', { about: 'scrap', waysS: { sealer: 0 } });
    assert.ok(told.ways.find(({ station }) => station === 'sealer')!.given);
    const reset = await lived({ resetAt: 1_500 });
    const after = await reset.site.studies.cause('line', { about: 'scrap' });
    assert.ok(after.notes.some((note) => note.startsWith('Labeller: a counter began again')) && after.bad + after.good < reset.plant.parts, after.notes.join('\n'));
    assert.equal(after.conditions[0]?.property, 'jaw');
    const silent = await lived({ silent: 'filler' });
    const without = await silent.site.studies.cause('line', { about: 'scrap' });
    assert.ok(without.conditions.length > 0 && without.conditions.every(({ station }) => station !== 'filler'), without.sentence);
    const loop = await lived({}, { before: { filler: ['labeller'] } });
    const circle = await loop.site.studies.cause('line', { about: 'scrap' });
    assert.ok(circle.notes.some((note) => note.includes('in a circle')), circle.notes.join('\n'));
    await assert.rejects(site.studies.cause('other', { about: 'scrap' }), { code: 'TWIN_LINE_UNKNOWN' });
    await assert.rejects(site.studies.cause('line', { about: 'scrap', station: 'nobody' }), { code: 'TWIN_LINE_STATION' });
    await assert.rejects(site.studies.cause('line', { about: 'scrap', fromMs: 5, toMs: 4 }), { code: 'TWIN_CAUSE_TIME' });
    const german = await lived({}, { language: 'de' });
    const answer = await german.site.studies.cause('line', { about: 'scrap' });
    await assert.rejects(german.site.studies.whatIf('line', { changes: [{ kind: 'places', amount: 1 }] }), (problem: { found: string }) => problem.found.includes('braucht eine Station'));
    assert.match(answer.sentence, /^Sealing station: \d+ % des Ausschusses seit \d\d:\d\d geht einher mit jaw temperature .* zu tief \(\d+ von \d+ schlechten Teilen/);
  });
});

function plantModel(speed: number): LineModel {
  return { blocks: packagingLine.blocks.map((block) => (block.kind === 'station' && block.name === 'sealer' ? { ...block, speed } : block)) };
}
