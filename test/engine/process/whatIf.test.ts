import assert from 'node:assert/strict';
import { fitCycle, fitLine } from '../../../engine/process/fitLine.ts';
import { qualityAt } from '../../../engine/process/qualityResponse.ts';
import { changedLine, type LineChange, refuseUnseen, trustOf, whatIfAnswer, whatIfOrders } from '../../../engine/process/whatIf.ts';
import type { LineEvent } from '../../../engine/simulation/lineBlock.ts';
import type { LineModel } from '../../../engine/simulation/lineModel.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';
import { replicate } from '../../../engine/simulation/replications.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { incompleteGamma } from '../../../engine/statistics/incompleteGamma.ts';
import { meanInterval } from '../../../engine/statistics/meanInterval.ts';
import { exponential, straightLine } from '../simulation/lineModels.ts';

/** A plant of three stations, of which the twin sees the record alone. The second one limits it. */
const plant: LineModel = straightLine([
  { cycle: { kind: 'gamma', mean: 2, scv: 0.09 }, failures: [{ between: exponential(300), repair: exponential(20) }] },
  { cycle: { kind: 'lognormal', mean: 2.6, scv: 0.04 }, failures: [{ between: exponential(400), repair: { kind: 'gamma', mean: 30, scv: 0.5 } }] },
  { cycle: { kind: 'gamma', mean: 1.8, scv: 0.2 } },
], [4, 6]);
const names = ['m0', 'm1', 'm2'];

function recordOf(model: LineModel, seed: number, runS: number): LineEvent[] {
  const events: LineEvent[] = [];
  simulateLine(model, { seed, warmUpS: 0, runS, record: (event) => void events.push(event) });
  return events;
}

const order = { seed: 11, first: 0, count: 16, warmUpS: 600, runS: 4 * 3_600 };

function answerOf(model: LineModel, changes: readonly LineChange[], experience = new Map<string, { low: number; high: number }>(), count = order.count) {
  const { today, after } = whatIfOrders(model, changes, { ...order, count });
  return whatIfAnswer(replicate(today), replicate(after), changes, experience, new Map([['m1', { producingKw: 4, waitingKw: 1, downKw: 0.5 }]]));
}

describe('the line fitted from its record, and what if', function () {
  this.timeout(60_000);
  let fitted: ReturnType<typeof fitLine>;

  before(() => {
    fitted = fitLine(recordOf(plant, 77, 600_000), { stations: names });
  });

  it('fits cycle, failure and repair times within 5 %, and finds the places', () => {
    const [first, second, third] = fitted.stations;
    const near = (value: number, exact: number, what: string): void => assert.ok(Math.abs(value / exact - 1) < 0.05, `${what}: ${value}, exact ${exact}`);
    near(first!.cycleS.value, 2, 'cycle m0');
    near(second!.cycleS.value, 2.6, 'cycle m1');
    near(third!.cycleS.value, 1.8, 'cycle m2');
    near(first!.betweenS.value, 300, 'between m0');
    near(first!.repairS.value, 20, 'repair m0');
    near(second!.betweenS.value, 400, 'between m1');
    near(second!.repairS.value, 30, 'repair m1');
    assert.equal(first!.places.value, 4);
    for (const { misfit, cycleS, name } of fitted.stations) assert.ok(misfit < 0.02 && cycleS.low < cycleS.value && cycleS.value < cycleS.high, name);
  });

  it('says what was never observed', () => {
    assert.ok(fitted.neverObserved.some(({ station, what }) => station === 'm2' && what === 'stops'));
    assert.ok(Number.isNaN(fitted.stations[2]!.betweenS.value) && fitted.stations[2]!.betweenS.low > 50_000 && fitted.stations[2]!.betweenS.from === 0);
    assert.ok(fitted.neverObserved.some(({ station, what }) => station === 'm0' && what === 'scrap'));
    assert.throws(() => fitLine(recordOf(plant, 1, 40), { stations: names }), { code: 'TWIN_LINE_RECORD', message: /at least 30/ });
    assert.throws(() => fitLine([], { stations: ['x'] }), { code: 'TWIN_LINE_RECORD' });
  });

  it('the effect of +5 % speed that the twin predicts is the plant’s own, within its interval', () => {
    const changes: LineChange[] = [{ kind: 'speed', station: 'm1', share: 0.05 }];
    const predicted = answerOf(fitted.model, changes).figures[0]!;
    const really = (model: LineModel): number[] => replicate({ ...order, seed: 900, count: 30, model }).map(({ perSecond }) => 3_600 * perSecond);
    const before = really(plant);
    const truth = meanInterval(really(changedLine(plant, changes)).map((value, run) => value - before[run]!));
    assert.ok(predicted.low - truth.half <= truth.mean && truth.mean <= predicted.high + truth.half, JSON.stringify({ predicted, truth }));
    assert.ok(predicted.change > 0.02 * predicted.today);
    // A twin that believed in a machine without stops would promise something else.
    const blind = { ...fitted.model, blocks: fitted.model.blocks.map((block) => (block.kind === 'station' ? { ...block, failures: [] } : block)) };
    const promised = answerOf(blind, changes).figures[0]!;
    assert.ok(promised.low - truth.half > truth.mean || promised.high + truth.half < truth.mean, JSON.stringify({ promised, truth }));
  });

  it('+5 % on a station that does not limit gains almost nothing, and says what limits', () => {
    const spare = answerOf(fitted.model, [{ kind: 'speed', station: 'm2', share: 0.05 }]);
    assert.ok(spare.gainsAlmostNothing, JSON.stringify(spare.figures[0]));
    assert.equal(spare.limitToday, 'm1');
    assert.equal(spare.limitThen, 'm1');
    const limit = answerOf(fitted.model, [{ kind: 'speed', station: 'm1', share: 0.05 }]);
    assert.ok(!limit.gainsAlmostNothing && limit.figures[0]!.low > 0);
    const energy = limit.figures.find(({ name }) => name === 'energy')!;
    assert.ok(energy.today > 0.002 && energy.change < 0, JSON.stringify(energy));
    for (const { name, today, low, change, high } of limit.figures) assert.ok(Number.isFinite(today) && low <= change && change <= high, name);
  });

  it('every change can be tried; what the line does not have is refused', () => {
    const rich: LineModel = {
      ...plant, crews: [{ name: 'fitters', count: 1 }], shifts: [{ name: 'day', cycleS: 86_400, work: [[21_600, 50_400]] }],
      blocks: plant.blocks.map((block) => (block.kind === 'source' ? { ...block, shift: 'day', mix: [{ kind: 'a', share: 1 }, { kind: 'b', share: 1 }] } : block)),
    };
    const changes: LineChange[] = [
      { kind: 'places', buffer: 'b0', more: 1 }, { kind: 'repair', share: 0.1 }, { kind: 'failures', station: 'm0', share: -0.2 }, { kind: 'crew', crew: 'fitters', more: 1 },
      { kind: 'hours', shift: 'day', more: 8 }, { kind: 'mix', source: 'source', shares: { a: 3 } },
    ];
    const changed = changedLine(rich, changes);
    assert.deepEqual(changed.shifts, [{ name: 'day', cycleS: 86_400, work: [[21_600, 79_200]] }]);
    assert.equal(changed.crews![0]!.count, 2);
    const block = (name: string) => JSON.stringify(changed.blocks.find((one) => one.name === name));
    assert.match(block('b0'), /"places":5/);
    assert.match(block('m0'), /"mean":375/);
    assert.match(block('source'), /"kind":"a","share":3/);
    simulateLine(changed, { seed: 1, warmUpS: 0, runS: 1_000 });
    for (const wrong of [
      { kind: 'speed', station: 'nobody', share: 0.05 }, { kind: 'speed', share: -2 }, { kind: 'places', buffer: 'b0', more: -9 }, { kind: 'crew', crew: 'fitters', more: -1 },
      { kind: 'speed', share: NaN },
    ] as LineChange[]) assert.throws(() => changedLine(rich, [wrong]), { code: 'TWIN_WHAT_IF_CHANGE' }, JSON.stringify(wrong));
  });

  it('one more to repair helps where stops wait for people, and changes nothing where none ever does', () => {
    const crewed = (people: number, stations: readonly number[], betweenS = 300): LineModel => ({
      ...straightLine([0, 1, 2].map((at) => ({
        cycle: { kind: 'gamma', mean: 2, scv: 0.05 },
        ...(stations.includes(at) ? { failures: [{ between: exponential(betweenS), repair: exponential(90), crew: 'people' }] } : {}),
      })), [20, 20]),
      crews: [{ name: 'people', count: people }],
    });
    const more = (model: LineModel, by = 1) => answerOf(model, [{ kind: 'crew', crew: 'people', more: by }], undefined, 8).figures[0]!;
    const short = more(crewed(1, [0, 1, 2]));
    assert.ok(short.low > 0.01 * short.today, JSON.stringify(short));
    const fewer = more(crewed(2, [0, 1, 2]), -1);
    assert.ok(fewer.high < -0.01 * fewer.today, JSON.stringify(fewer));
    // The third helps less than the second; a fourth never has anything to do.
    const third = more(crewed(2, [0, 1, 2]));
    assert.ok(third.change >= 0 && third.change < short.change / 2, JSON.stringify([short, third]));
    for (const idle of [crewed(3, [0, 1, 2]), crewed(1, [1])]) assert.deepEqual([more(idle).low, more(idle).change, more(idle).high], [0, 0, 0]);
  });

  it('more planned hours give more of a day, fewer give less, and at all hours planned nothing is left to add', () => {
    const day = (hours: number): LineModel => ({
      ...plant, shifts: [{ name: 'day', cycleS: 86_400, work: [[0, 3_600 * hours]] }],
      blocks: plant.blocks.map((block) => (block.kind === 'station' || block.kind === 'source' ? { ...block, shift: 'day' } : block)),
    });
    const aDay = { ...order, count: 2, warmUpS: 0, runS: 86_400 };
    const perDay = (model: LineModel): number => replicate({ ...aDay, model }).reduce((sum, run) => sum + run.good, 0) / aDay.count;
    const today = perDay(day(8));
    const after = (hours: number, more: number): number => perDay(changedLine(day(hours), [{ kind: 'hours', shift: 'day', more }]));
    assert.ok(Math.abs(after(8, 8) / today - 2) < 0.03, `${after(8, 8)} after ${today}`);
    assert.ok(Math.abs(after(8, -4) / today - 0.5) < 0.03, `${after(8, -4)} after ${today}`);
    assert.equal(after(24, 8), perDay(day(24)));
  });

  it('trust: inside, at the edge, never seen; the last is withheld unless forced', () => {
    const experience = new Map([['speed m1', { low: 0.95, high: 1.05 }]]);
    const trust = (share: number, station = 'm1') => trustOf([{ kind: 'speed', station, share }], experience);
    assert.equal(trust(0.05), 'inside experience');
    assert.equal(trust(0.08), 'at the edge');
    assert.equal(trust(0.2), 'never seen');
    assert.equal(trust(0.01, 'm2'), 'never seen');
    const answer = answerOf(fitted.model, [{ kind: 'speed', station: 'm1', share: 0.2 }], experience);
    assert.throws(() => refuseUnseen(answer, false), { code: 'TWIN_WHAT_IF_UNSEEN' });
    assert.equal(refuseUnseen(answer, true), answer);
  });

  it('quality at other settings: right within its interval where settings varied, not identifiable where not', () => {
    const random = new RandomStream(3, 'lots');
    let held = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      const lots = Array.from({ length: 60 }, () => {
        const temperature = 180 + 3 * random.normal();
        const pressure = 5 + 0.3 * random.normal();
        return { settings: { temperature, pressure, humidity: 40, twice: 2 * temperature }, quality: 3 - 0.2 * (temperature - 180) + 2 * (pressure - 5) + 0.4 * random.normal() };
      });
      const own = lots.map(({ settings: { temperature, pressure, humidity }, quality }) => ({ settings: { temperature, pressure, humidity }, quality }));
      const answer = qualityAt(own, { temperature: 2 });
      assert.ok(answer.verdict === 'answer');
      const { temperature, pressure } = own[59]!.settings;
      const next = 3 - 0.2 * (temperature + 2 - 180) + 2 * (pressure - 5) + 0.4 * random.normal();
      if (answer.low <= next && next <= answer.high) held += 1;
      if (turn > 0) continue;
      assert.deepEqual(qualityAt(own, { humidity: 2 }), { verdict: 'not identifiable', setting: 'humidity', why: 'never varied' });
      assert.deepEqual(qualityAt(own, { lamp: 2 }), { verdict: 'not identifiable', setting: 'lamp', why: 'not recorded' });
      assert.deepEqual(qualityAt(lots, { temperature: 2 }), { verdict: 'not identifiable', setting: 'temperature', why: 'always together with another', with: 'twice' });
      assert.equal(qualityAt(own.slice(0, 8), { temperature: 2 }).verdict, 'not enough data');
      const far = qualityAt(own, { temperature: 40 });
      assert.ok(far.verdict === 'answer' && far.trust === 'never seen');
    }
    assert.ok(held >= 180 && held <= 198, `${held} of 200 held`);
  });

  it('finds the shape of a distribution, or takes what was observed', () => {
    const random = new RandomStream(6, 'shapes');
    const two = Array.from({ length: 600 }, () => (random.uniform() < 0.5 ? 1 : 5) + 0.1 * random.uniform());
    assert.equal(fitCycle(two).distribution.kind, 'empirical');
    assert.equal(fitCycle([2, 2, 2]).distribution.kind, 'constant');
    // NIST: chi-square with 4 degrees, 9.488 is the 95 % point.
    assert.ok(Math.abs(incompleteGamma(2, 9.488 / 2) - 0.95) < 1e-4);
    assert.ok(Math.abs(incompleteGamma(0.5, 3.841 / 2) - 0.95) < 1e-4);
  });
});
