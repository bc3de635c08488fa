import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recordedModel, type RecordedModel } from '../../../engine/process/recordedModel.ts';
import { scenarioRuns } from '../../../engine/process/scenarioRuns.ts';
import { changedLine, type LineChange, trustOf } from '../../../engine/process/whatIf.ts';
import { meanOf } from '../../../engine/simulation/distribution.ts';
import type { BlockModel, LineModel, SourceModel, StationModel } from '../../../engine/simulation/lineModel.ts';
import { replicate } from '../../../engine/simulation/replications.ts';
import { type RunResult, simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { mixChange } from '../../../engine/site/productMix.ts';
import { meanInterval } from '../../../engine/statistics/meanInterval.ts';
import { plantRate, plantRecord, productNames, productPlant } from './productPlant.ts';

/** A machine alone, a second for each part. */
function oneMachine(source: Partial<SourceModel>, cycleS: Readonly<Record<string, number>> = {}, setupS = 0): LineModel {
  return {
    blocks: [
      { kind: 'source', name: 'source', to: 'm', ...source },
      {
        kind: 'station', name: 'm', to: 'sink', cycle: { kind: 'constant', value: 1 }, ...(setupS > 0 ? { setup: { kind: 'constant', value: setupS } } : {}),
        cycleOf: Object.fromEntries(Object.entries(cycleS).map(([kind, value]) => [kind, { kind: 'constant', value }])),
      },
      { kind: 'sink', name: 'sink' },
    ],
  };
}

function kindsOf(model: LineModel, seed: number, parts: number): string[] {
  const kinds: string[] = [];
  simulateLine(model, { seed, warmUpS: 0, runS: parts, record: ({ event, kind }) => void (event === 'start' && kinds.push(kind)) });
  return kinds;
}

/** What the order promises and these parts break. */
function brokenPromises(kinds: readonly string[], mix: readonly { kind: string; share: number }[], partsPerChange: number): string[] {
  const all = mix.reduce((sum, { share }) => sum + share, 0);
  const broken: string[] = [];
  const runs: { kind: string; length: number }[] = [];
  for (const kind of kinds) {
    if (runs.at(-1)?.kind === kind) runs.at(-1)!.length += 1;
    else runs.push({ kind, length: 1 });
  }
  const came = mix.filter(({ share }) => share > 0);
  // Runs shorter than a part drop out now and then, and so does the change.
  const isWhole = came.length > 1 && came.every(({ share }) => (share / all) * came.length * partsPerChange >= 1);
  for (const { kind, share } of came) {
    const run = (share / all) * came.length * partsPerChange;
    const off = Math.abs(kinds.filter((one) => one === kind).length - (kinds.length * share) / all);
    if (off > run + 1) broken.push(`share of ${kind} off by ${off} parts, a run has ${run}`);
    if (!isWhole) continue;
    for (const { length } of runs.slice(1, -1).filter((one) => one.kind === kind)) if (Math.abs(length - run) > 1) broken.push(`a run of ${length} ${kind}, it should have ${run}`);
  }
  if (isWhole) {
    const changes = runs.length - 1;
    if (Math.abs(changes - kinds.length / partsPerChange) > came.length + 1) broken.push(`${changes} changes in ${kinds.length} parts`);
  }
  if (kinds.some((kind) => !came.some((one) => one.kind === kind))) broken.push('a kind of share 0');
  return broken;
}

describe('products of a line', function () {
  this.timeout(60_000);

  it('come in runs: shares hold within one run, changes come as often as told, remainders are carried', () => {
    const mixes = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 5 }).filter((shares) => shares.some((share) => share > 0));
    fc.assert(fc.property(mixes, fc.double({ min: 1, max: 60, noNaN: true }), fc.integer(), (shares, partsPerChange, seed) => {
      const mix = shares.map((share, index) => ({ kind: `p${index}`, share }));
      assert.deepEqual(brokenPromises(kindsOf(oneMachine({ mix, partsPerChange }), seed, 900), mix, partsPerChange), []);
    }), { numRuns: 80 });
    // Drawn lots break all of it.
    const mix = [{ kind: 'p0', share: 2, lot: 10 }, { kind: 'p1', share: 1, lot: 10 }];
    const broken = [1, 2, 3].flatMap((seed) => brokenPromises(kindsOf(oneMachine({ mix }), seed, 900), mix, 10));
    for (const what of [/^share of/, /^a run of/, /changes in/]) assert.ok(broken.some((one) => what.test(one)), String(what));
    for (const wrong of [{ mix: [{ kind: 'a', share: 0 }] }, { mix, partsPerChange: 0.5 }, { mix, partsPerChange: NaN }, { mix, partsPerChange: 2, beginsAt: 1 }]) {
      assert.throws(() => simulateLine(oneMachine(wrong), { seed: 1, warmUpS: 0, runS: 9 }), { code: 'TWIN_LINE_MODEL' });
    }
  });

  it('one machine: rate, work and set-up are those of the closed form', () => {
    for (const [shareB, partsPerChange, setupS] of [[0.5, 50, 30], [0.8, 50, 30], [0.25, 40, 0], [0.8, 40, 100]] as const) {
      const model = oneMachine({ mix: [{ kind: 'a', share: 1 - shareB }, { kind: 'b', share: shareB }], partsPerChange, beginsAt: 0 }, { b: 2 }, setupS);
      // Whole turns of the order: nothing is left to chance.
      const turnS = 2 * partsPerChange * (1 + shareB) + 2 * setupS;
      const { perSecond, blocks } = simulateLine(model, { seed: 3, warmUpS: turnS, runS: 20 * turnS });
      const exact = (2 * partsPerChange) / turnS;
      assert.ok(Math.abs(perSecond / exact - 1) < 1e-3, `${perSecond}, exactly ${exact}`);
      const { states, setups } = blocks.find(({ name }) => name === 'm')!;
      assert.ok(Math.abs(states!.setup - (2 * setupS) / turnS) < 1e-3 && Math.abs(states!.producing - exact * (1 + shareB)) < 2e-3, JSON.stringify(states));
      assert.ok(setupS === 0 || Math.abs(setups! - 40) <= 1, String(setups));
    }
  });

  it('set up ahead, stations of a row are set up side by side; where the last part of a run was scrapped, with the first of the next', () => {
    const row = (setupAhead: boolean, scrap = 0): LineModel => ({
      blocks: [
        { kind: 'source', name: 'source', to: 'm0', mix: [{ kind: 'a', share: 1 }, { kind: 'b', share: 1 }], partsPerChange: 50, beginsAt: 0 },
        ...[0, 1, 2].flatMap((index): BlockModel[] => [
          {
            kind: 'station', name: `m${index}`, to: index === 2 ? 'sink' : `b${index}`, cycle: { kind: 'constant', value: 1 }, setup: { kind: 'constant', value: 30 }, setupAhead,
            ...(index === 0 && scrap > 0 ? { defects: scrap, finds: 1, mostReworks: 0 } : {}),
          },
          ...(index === 2 ? [] : [{ kind: 'buffer', name: `b${index}`, to: `m${index + 1}`, places: 1 } as const]),
        ]),
        { kind: 'sink', name: 'sink' },
      ],
    });
    const run = (model: LineModel): RunResult => simulateLine(model, { seed: 2, warmUpS: 800, runS: 16_000 });
    // A run of 50 parts and one set-up; each station waits for nobody.
    assert.ok(Math.abs(run(row(true)).perSecond / (50 / 80) - 1) < 2e-3, String(run(row(true)).perSecond));
    assert.ok(run(row(false)).perSecond < 50 / 120, String(run(row(false)).perSecond));
    const spoiled = run(row(true, 0.3));
    const changes = spoiled.blocks.flatMap(({ setups = 0, kind }) => (kind === 'station' ? [setups] : []));
    assert.ok(changes.every((count) => Math.abs(count - changes[0]!) <= 2) && changes[0]! > 100, JSON.stringify(changes));
  });

  const plant = { shares: [0.5, 0.5], partsPerChange: 200 };
  const settings = { seed: 1, first: 0, count: 16, warmUpS: 3_600, runS: 8 * 3_600 };
  const runsOf = ({ fitted, uncertain, products }: RecordedModel, changes: readonly LineChange[]): { today: RunResult[]; after: RunResult[] } =>
    scenarioRuns({ ...settings, model: fitted.model, uncertain, uncertainChanges: products!.uncertain, changes });
  const perHour = ({ perSecond }: RunResult): number => 3_600 * perSecond;
  let model: RecordedModel;

  before(() => {
    model = recordedModel(plantRecord(productPlant(plant), { seed: 3, hours: 12 }));
  });

  it('are fitted from a record that names them at one station alone: shares, runs, set-up, and working times where they differ', () => {
    const { kinds, partsPerChange, stations, neverChanged } = model.products!;
    assert.equal(kinds.map(({ name }) => name).sort().join(''), 'abc');
    for (const { name, share } of kinds) assert.ok(Math.abs(share - (name === 'c' ? 0 : 0.5)) < 0.03, `${name} ${share}`);
    assert.ok(Math.abs(partsPerChange / 200 - 1) < 0.05, String(partsPerChange));
    const [filler, sealer, labeller] = stations;
    for (const { cycles, setup } of [filler!, labeller!]) assert.deepEqual([cycles, setup], [[], undefined]);
    const times = new Map(sealer!.cycles.map(({ name, seconds }) => [name, seconds.value]));
    assert.ok(Math.abs(times.get('a')! / 4 - 1) < 0.02 && Math.abs(times.get('b')! / 8 - 1) < 0.02, JSON.stringify([...times]));
    assert.ok(Math.abs(sealer!.setup!.seconds / 300 - 1) < 0.1 && sealer!.setup!.from > 25, JSON.stringify(sealer!.setup));
    assert.ok(stations.every(({ few }) => few.length === 1 && few[0]!.name === 'c' && few[0]!.parts === 0));
    assert.deepEqual(neverChanged, []);
    assert.ok(model.setups.length === 0 || model.setups[0]!.count < 3, 'set-ups of changes are no stops besides');
  });

  it('no difference without evidence: alike products share one working time', () => {
    const alike = recordedModel(plantRecord(productPlant({ ...plant, slowS: 4, partsPerChange: 100 }), { seed: 4, hours: 8 }));
    assert.deepEqual(alike.products!.stations.map(({ cycles }) => cycles.length), [0, 0, 0]);
  });

  it('half to a fifth of a: the predicted loss and the share of set-up are the plant’s own', () => {
    const then = { ...plant, shares: [0.2, 0.8] };
    const change = mixChange([{ kind: 'mix', property: 'b', amount: 80 }], model.products!) as LineChange;
    assert.ok(change.kind === 'mix' && change.shares['b'] === 0.8 && Math.abs(change.shares['a']! - 0.2) < 1e-9 && !Object.hasOwn(change.shares, 'c'), JSON.stringify(change));
    const { today, after } = runsOf(model, [change]);
    const exact = plantRate(then) - plantRate(plant);
    const gains = after.map((run, index) => perHour(run) - perHour(today[index]!));
    const { mean, half } = meanInterval(gains);
    // What the twin says is where nine of ten runs lie; beside it, what the record leaves open.
    assert.ok(Math.abs(mean - exact) < half + 0.01 * plantRate(plant), `${mean} ± ${half}, exactly ${exact}`);
    const rate = meanInterval(after.map(perHour));
    assert.ok(Math.abs(rate.mean / plantRate(then) - 1) < 0.02, `${rate.mean}, exactly ${plantRate(then)}`);
    const setup = (runs: readonly RunResult[]): number => meanInterval(runs.map(({ blocks }) => blocks.find(({ name }) => name === 'sealer')!.states!.setup)).mean;
    // 300 s in 200 parts, at that many parts an hour.
    for (const [runs, told] of [[today, plant], [after, then]] as const) {
      const share = (300 / 200) * (plantRate(told) / 3_600);
      assert.ok(Math.abs(setup(runs) / share - 1) < 0.1, `${setup(runs)}, exactly ${share}`);
    }
    // A twin that takes all parts for alike would see nothing.
    const blocks = model.fitted.model.blocks.map((block): BlockModel => (block.kind === 'station' ? { ...block, cycleOf: {}, cycle: { kind: 'constant', value: 5 } } : block));
    const blind: LineModel = { ...model.fitted.model, blocks };
    const orders = [blind, changedLine(blind, [change])].map((one) => meanInterval(replicate({ ...settings, model: one }).map(perHour)).mean);
    assert.ok(Math.abs(orders[1]! - orders[0]! - exact) > half + 0.01 * plantRate(plant), JSON.stringify(orders));
  });

  it('today’s mix as a scenario is today, to the last digit; and only what is left of a mix is made', () => {
    const share = 100 * model.products!.kinds.find(({ name }) => name === 'b')!.share;
    assert.equal(mixChange([{ kind: 'mix', property: 'b', amount: Math.round(10 * share) / 10 }], model.products!), undefined);
    const same = { kind: 'mix' as const, source: 'source', shares: Object.fromEntries(model.products!.kinds.map((kind) => [kind.name, kind.share])) };
    const short = { ...settings, count: 3 };
    const { today, after } = scenarioRuns({ ...short, model: model.fitted.model, uncertain: model.uncertain, uncertainChanges: 0.2, changes: [same] });
    assert.deepEqual(after, today);
    const only = scenarioRuns({ ...short, model: model.fitted.model, uncertain: model.uncertain, changes: [mixChange([{ kind: 'mix', property: 'a', amount: 100 }], model.products!) as LineChange] });
    assert.ok(only.after.every(({ blocks }) => blocks.every(({ setups = 0 }) => setups === 0)));
    assert.ok(only.today.some(({ blocks }) => blocks.some(({ setups = 0 }) => setups > 0)));
    const rate = meanInterval(only.after.map(perHour)).mean;
    assert.ok(Math.abs(rate / plantRate({ ...plant, shares: [1] }) - 1) < 0.04, `${rate}, exactly ${plantRate({ ...plant, shares: [1] })}`);
  });

  it('shares that were seen from day to day say how far an answer is to be trusted', () => {
    const dayMs = 86_400_000;
    const record = plantRecord(productPlant(plant), { seed: 5, hours: 6 });
    const made = [0.45, 0.6, 0.5, 0.55, 0.4];
    const runs = made.flatMap((share, day) => [0, 1].map((product) => ({
      product, parts: Math.round(5_000 * (product === 0 ? 1 - share : share)), fromMs: -(5 - day) * dayMs + product * 3_600_000, toMs: -(5 - day) * dayMs + product * 3_600_000 + 3_000_000,
    })));
    const told = recordedModel({ ...record, products: { ...record.products!, runs } });
    assert.deepEqual(told.products!.seenIn, { days: 5 });
    const trust = (b: number): string => trustOf([{ kind: 'mix', source: 'source', shares: { a: 1 - b, b } }], new Map(told.experience));
    assert.deepEqual([0.5, 0.58, 0.66, 0.9, 0.1].map(trust), ['inside experience', 'inside experience', 'at the edge', 'never seen', 'never seen']);
    assert.equal(trustOf([{ kind: 'mix', source: 'source', shares: { c: 0.1 } }], new Map(told.experience)), 'never seen');
  });

  it('a product that has more bad parts keeps them in another mix; one bad hour is not the product\'s', () => {
    const plant = { shares: [0.7, 0.3], partsPerChange: 200, setupS: 60, scrap: { b: 0.09, others: 0.02 } };
    const labeller = ({ fitted }: RecordedModel): StationModel => fitted.model.blocks.find(({ name }) => name === 'labeller') as StationModel;
    for (const [toldAt, hours] of [['labeller', 7], ['filler', 14]] as const) {
      const record = plantRecord(productPlant(plant), { seed: 8, hours, toldAt });
      const model = recordedModel(record);
      const { defects, defectsOf } = labeller(model);
      const told = { a: defectsOf?.['a'] ?? defects!, b: defectsOf?.['b'] ?? defects! };
      assert.ok(Math.abs(told.a - 0.02) < 0.006 && Math.abs(told.b - 0.09) < 0.015, `${toldAt}: ${JSON.stringify(told)}`);
      assert.deepEqual(model.products!.stations.filter(({ scrap }) => scrap.length > 0).map(({ station }) => station), ['labeller']);
      // Near a change it is not sure which product a part is, where another station names it.
      if (toldAt === 'filler') continue;
      const change: LineChange = { kind: 'mix', source: 'source', shares: { a: 0.2, b: 0.8 } };
      const scrapOf = (runs: readonly RunResult[]): number => runs.reduce((sum, { scrapped }) => sum + scrapped, 0) / runs.reduce((sum, { good, scrapped }) => sum + good + scrapped, 0);
      const { today, after } = scenarioRuns({ model: model.fitted.model, uncertain: model.uncertain, changes: [change], seed: 5, first: 0, count: 10, warmUpS: 900, runS: 14_400 });
      assert.ok(Math.abs(scrapOf(today) - 0.041) < 0.008 && Math.abs(scrapOf(after) - 0.076) < 0.014, `${toldAt}: ${scrapOf(today)} and ${scrapOf(after)}`);
    }
    // No difference, and a fault for an hour in which b ran most of the time.
    const alike = plantRecord(productPlant({ ...plant, scrap: { b: 0.03, others: 0.03 } }), { seed: 9, hours: 7, toldAt: 'labeller' });
    assert.equal(labeller(recordedModel(alike)).defectsOf, undefined);
    const runs = plantRecord(productPlant({ ...plant, scrap: { b: 0.0001, others: 0.0001 } }), { seed: 9, hours: 7, toldAt: 'labeller' });
    const readings = runs.products!.series[0]!.readings;
    const run = readings.values.findIndex((product, at) => product === 1 && at > readings.values.length / 2);
    const [fromMs, toMs] = [readings.times[run]!, readings.times[run + 1]!];
    const spoiled = runs.stations[2]!.parts!.times.filter((timeMs) => timeMs > fromMs && timeMs < toMs);
    assert.ok(spoiled.length > 20);
    const counter = { times: Float64Array.from([0, ...spoiled]), values: Float64Array.from([0, ...spoiled], (_, at) => at) };
    const once = recordedModel({ ...runs, stations: runs.stations.map((station, index) => (index === 2 ? { ...station, bad: [counter] } : station)) });
    assert.equal(labeller(once).defectsOf, undefined, 'one bad run');
    assert.ok(labeller(once).defects! > 0);
  });

  it('three products in an order that was seen; a change that never came is named; what is wrong with a mix is said', () => {
    const three = recordedModel(plantRecord(productPlant({ shares: [0.5, 0.3, 0.2], partsPerChange: 100 }), { seed: 6, hours: 10, toldAt: 'labeller' }));
    const { kinds, neverChanged } = three.products!;
    assert.equal(kinds.map(({ name }) => name).join(''), 'abc');
    assert.deepEqual(neverChanged, []);
    const source = three.fitted.model.blocks.find(({ kind }) => kind === 'source') as SourceModel;
    assert.deepEqual(source.mix!.map(({ kind }) => kind), ['a', 'b', 'c']);
    const sealer = three.fitted.model.blocks.find(({ name }) => name === 'sealer') as StationModel;
    for (const [kind, seconds] of [['a', 4], ['b', 8], ['c', 4]] as const) {
      const mean = meanOf(sealer.cycleOf?.[kind] ?? sealer.cycle);
      assert.ok(Math.abs(mean / seconds - 1) < 0.03, `${kind} ${mean}`);
    }
    const of = (...rows: [string, number][]): unknown => mixChange(rows.map(([property, amount]) => ({ kind: 'mix', property, amount })), three.products!);
    const shares = (of(['c', 60]) as { shares: Record<string, number> }).shares;
    assert.ok(Math.abs(shares['a']! + shares['b']! + shares['c']! - 1) < 1e-9 && Math.abs(shares['a']! / shares['b']! - kinds[0]!.share / kinds[1]!.share) < 1e-9, JSON.stringify(shares));
    for (const [rows, why] of [
      [[['d', 5]], 'the line never made d; it made a, b, c'], [[['a', 60], ['b', 50]], 'together the shares are above 100 %'], [[['a', 5], ['A', 6]], 'a is named twice'],
      [[['a', 50], ['b', 20], ['c', 20]], 'together the shares of all products have to be 100 %'], [[['', 5]], 'it needs a product'],
    ] as [[string, number][], string][]) assert.equal(of(...rows), why);
    const twice = plantRecord(productPlant({ shares: [0.5, 0.3, 0.2], partsPerChange: 100 }), { seed: 6, hours: 4 });
    // a b a c a b a c: b never came after c, nor c after b.
    const [times, values] = [twice.products!.series[0]!.readings.times, [0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2]];
    const readings = { times: times.slice(0, values.length), values: Float64Array.from(values) };
    const shuffled = recordedModel({ ...twice, products: { ...twice.products!, series: [{ station: 'filler', readings }] } });
    assert.match(shuffled.products!.neverChanged.map((pair) => pair.join('')).join(' '), /^(bc|cb)$/);
    assert.equal(recordedModel({ ...twice, products: { names: productNames, series: [], runs: [] } }).products, undefined);
  });
});
