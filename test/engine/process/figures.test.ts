import assert from 'node:assert/strict';
import { bottleneckOf, type StationStretch } from '../../../engine/process/bottleneck.ts';
import { EventFrames, stopPareto } from '../../../engine/process/eventFrames.ts';
import { feedGraph, refuseLoops, wayBetween } from '../../../engine/process/feedGraph.ts';
import { countedParts, flowOf, oeeOf, type Passing } from '../../../engine/process/lineFigures.ts';
import { lineStateOf, StateClock } from '../../../engine/process/lineStates.ts';
import { transitByPattern, transitBySerial } from '../../../engine/process/transitTime.ts';
import type { LineEvent } from '../../../engine/simulation/lineBlock.ts';
import { RandomStream } from '../../../engine/simulation/randomStream.ts';
import { simulateLine } from '../../../engine/simulation/simulateLine.ts';
import { exponential, straightLine } from '../simulation/lineModels.ts';

describe('figures of a line', () => {
  it('OEE by ISO 22400-2, to six digits', () => {
    const record = { plannedMin: 420, producedMin: 373, secondsPerPart: 1, produced: 19_271, good: 18_848 };
    const { availability, effectiveness, quality, oee } = oeeOf(record);
    assert.deepEqual([availability, effectiveness, quality, oee].map((share) => share!.toFixed(6)), ['0.888095', '0.861081', '0.978050', '0.747937']);
    assert.throws(() => oeeOf({ ...record, plannedMin: 0 }), { code: 'TWIN_OEE_NO_PLAN' });
    assert.throws(() => oeeOf({ ...record, good: 19_272 }), { code: 'TWIN_OEE_RECORD' });
    assert.throws(() => oeeOf({ ...record, producedMin: 500 }), { code: 'TWIN_OEE_RECORD' });
    assert.deepEqual(oeeOf({ ...record, produced: 0, good: 0 }), { availability, effectiveness: 0, quality: undefined, oee: undefined });
    assert.deepEqual(oeeOf({ ...record, producedMin: 0 }), { availability: 0, effectiveness: undefined, quality, oee: undefined });
  });

  it('a counter that begins again loses nothing that it still shows', () => {
    assert.deepEqual(countedParts([100, 130, 5, 25]), { parts: 55, resets: 1 });
    assert.deepEqual(countedParts([7]), { parts: 0, resets: 0 });
    assert.deepEqual(countedParts([1, NaN, 3]), { parts: 0, resets: 0 });
  });

  it('states: planned before wrong, wrong before waiting; silence is unknown', () => {
    const seen = { seenMs: 0 };
    const state = (signs: object, before?: 'down' | 'producing' | 'starved', behind?: 'down' | 'producing' | 'blocked') =>
      lineStateOf({ ...seen, ...signs }, 10, 100, before, behind);
    assert.equal(state({ running: true, plannedStop: true, fault: true }), 'planned stop');
    assert.equal(state({ running: true, fault: true }), 'down');
    assert.equal(state({ running: true, settingUp: true }), 'setup');
    assert.equal(state({ running: true }), 'producing');
    assert.equal(state({ running: false }, 'producing', 'down'), 'blocked');
    assert.equal(state({ running: false }, 'producing', 'blocked'), 'blocked');
    assert.equal(state({ running: false }, 'starved', 'producing'), 'starved');
    assert.equal(state({ running: false }, 'producing', 'producing'), 'down');
    assert.equal(state({ running: false, waitsForParts: true }, 'producing', 'down'), 'starved');
    assert.equal(state({}), 'unknown');
    assert.equal(lineStateOf({ running: true, seenMs: 0 }, 101, 100, undefined, undefined), 'unknown');
    assert.equal(lineStateOf(undefined, 0, 100, undefined, undefined), 'unknown');
  });

  it('a clock of states adds up to the time, and frames keep what was known', () => {
    const clock = new StateClock('filler', 0);
    assert.equal(clock.set('producing', '', 0), undefined);
    assert.deepEqual(clock.set('down', 'jam', 60), { station: 'filler', fromMs: 0, toMs: 60, state: 'producing', reason: '' });
    const stop = clock.set('producing', '', 100)!;
    const { states, reasons } = clock.totals(150);
    assert.deepEqual([...states], [['unknown', 0], ['producing', 110], ['down', 40]]);
    assert.deepEqual([...reasons], [['jam', 40]]);
    assert.deepEqual(stopPareto([stop]), [{ reason: 'jam', count: 1, ms: 40 }]);
    const frames = new EventFrames();
    frames.state('filler', 'down', 'jam', 60, { speed: 40 });
    assert.equal(frames.state('filler', 'down', 'jam', 70, { speed: 0 }).length, 0);
    frames.state('filler', 'setup', 'size', 100, { speed: 0 });
    frames.name('batch', 'filler', 'B7', 110, {});
    frames.name('batch', 'filler', 'B8', 150, { lot: 'x' });
    assert.deepEqual(frames.find({ kind: 'stop' }), [{ kind: 'stop', station: 'filler', startMs: 60, endMs: 100, name: 'jam', atStart: { speed: 40 }, atEnd: { speed: 0 } }]);
    assert.deepEqual(frames.find({ fromMs: 120 }).map(({ kind, name, endMs }) => [kind, name, endMs]), [['changeover', 'size', undefined], ['batch', 'B7', 150], ['batch', 'B8', undefined]]);
  });

  it('feeds: order, ways and loops', () => {
    const feeds = (from: string, to: string) => ({ from, relation: 'feeds', to });
    const graph = feedGraph([
      feeds('a', 'b'), feeds('b', 'd'), feeds('c', 'd'), feeds('d', 'e'), { from: 'air', relation: 'powers', to: 'b' }, { from: 'x', relation: 'part of', to: 'a' },
    ]);
    assert.deepEqual(graph.loops, []);
    assert.deepEqual([...graph.ancestors.get('e')!].sort(), ['a', 'air', 'b', 'c', 'd']);
    assert.deepEqual(wayBetween(graph, 'a', 'e'), ['a', 'b', 'd', 'e']);
    assert.equal(wayBetween(graph, 'e', 'a'), undefined);
    assert.ok(graph.order.indexOf('b') < graph.order.indexOf('d') && graph.order.length === 6);
    refuseLoops(graph);
    const loop = feedGraph([feeds('a', 'b'), feeds('b', 'c'), feeds('c', 'b'), feeds('c', 'd')]);
    assert.deepEqual(loop.loops, ['b', 'c']);
    assert.throws(() => refuseLoops(loop), { code: 'TWIN_FEEDS_LOOP', message: /b, c/ });
  });

  it('transit times by serial number, with skewed clocks and parts that never arrive', () => {
    const random = new RandomStream(4, 'transit');
    const left: Passing[] = Array.from({ length: 310 }, (_, index) => ({ part: `p${index}`, timeMs: index * 4_000 }));
    const arrived = left.map(({ part, timeMs }) => ({ part, timeMs: timeMs + 42_000 + 1_500 * random.normal() }));
    const found = transitBySerial(left, arrived);
    assert.ok('ms' in found && Math.abs(found.ms - 42_000) < 400 && found.parts === 310 && found.skewMs === 0, JSON.stringify(found));
    const early = transitBySerial(left, arrived.map(({ part, timeMs }) => ({ part, timeMs: timeMs - 60_000 })));
    assert.ok('skewMs' in early && early.skewMs > 15_000, JSON.stringify(early));
    assert.deepEqual(transitBySerial(left, []), { parts: 0, needs: 20, why: 'parts never arrive' });
    assert.deepEqual(transitBySerial(left.slice(0, 5), arrived.slice(0, 5)), { parts: 5, needs: 20, why: 'too few parts' });
  });

  it('transit times by pattern, without any serial number; an even row has none', () => {
    const random = new RandomStream(4, 'pattern');
    let now = 0;
    const left = Array.from({ length: 400 }, () => (now += 2_000 + (random.uniform() < 0.08 ? 20_000 * random.uniform() : 0) + 800 * random.uniform()));
    const arrived = left.filter(() => random.uniform() > 0.03).map((time) => time + 42_000 + 250 * random.normal());
    const found = transitByPattern(left, arrived, 120_000);
    assert.ok('ms' in found && Math.abs(found.ms - 42_000) < 400, JSON.stringify(found));
    const even = Array.from({ length: 400 }, (_, index) => index * 2_000);
    assert.deepEqual(transitByPattern(even, even.map((time) => time + 42_000), 120_000), { parts: 400, needs: 60, why: 'no clear pattern' });
    const unrelated = Array.from({ length: 400 }, () => 1_400_000 * random.uniform()).sort((one, other) => one - other);
    assert.ok('why' in transitByPattern(left, unrelated, 120_000));
    assert.ok('why' in transitByPattern(left, [], 120_000));
  });

  it('flow: throughput, work in process and cycle time of a simulated line keep to Little; lost parts are told', () => {
    const entries: Passing[] = [];
    const exits: Passing[] = [];
    const model = straightLine([{ cycle: exponential(1) }, { cycle: exponential(1) }], [4]);
    simulateLine(model, {
      seed: 5, warmUpS: 0, runS: 4_000, record: ({ block, event, part, timeS }) => {
        if (block === 'm0' && event === 'start') entries.push({ part: String(part), timeMs: timeS * 1_000 });
        if (event === 'out') exits.push({ part: String(part), timeMs: timeS * 1_000 });
      },
    });
    const flow = flowOf(entries, exits, 0, 4e6, 1e9);
    assert.ok(Math.abs(flow.perHour / 3_600 - 0.857) < 0.03, `${flow.perHour}`);
    assert.ok(Math.abs(flow.inProcess / ((flow.perHour / 3_600) * flow.cycleS!) - 1) < 0.01);
    assert.equal(flow.lost, 0);
    const gone = flowOf(entries, exits.filter((_, index) => index % 10 > 0), 0, 4e6, 60_000);
    assert.ok(Math.abs(gone.lost - exits.length / 10) < 5 && gone.neverSeenIn === 0);
    assert.equal(flowOf([], exits, 0, 4e6, 1e9).neverSeenIn, exits.length);
  });

  it('the bottleneck comes to an end at times of today, whatever the pieces are rounded to', () => {
    const random = new RandomStream(7, 'bottleneck');
    for (let turn = 0; turn < 300; turn += 1) {
      const fromMs = 1_795_000_000_000 + random.below(1_000_000_000) + random.uniform();
      const toMs = fromMs + 600_000 + random.below(30_000_000) + random.uniform();
      const found = bottleneckOf(new Map([['a', [{ fromMs, toMs, state: 'producing' as const }]], ['b', [{ fromMs, toMs: fromMs + 1_000, state: 'producing' as const }]]]), fromMs, toMs);
      assert.ok(found !== undefined && found.station === 'a' && Math.abs(found.share - 1) < 1e-6, String(turn));
    }
  });

  it('the bottleneck of simulated lines is the slow station, with confidence; even lines have little', () => {
    const stretchesOf = (means: readonly number[], seed: number): Map<string, StationStretch[]> => {
      const events: LineEvent[] = [];
      const model = straightLine(means.map((mean) => ({ cycle: { kind: 'gamma', mean, scv: 0.5 } })), means.map(() => 3));
      simulateLine(model, { seed, warmUpS: 0, runS: 3_000, record: (event) => void events.push(event) });
      const stretches = new Map<string, StationStretch[]>(means.map((_, index) => [`m${index}`, []]));
      const since = new Map<string, number>();
      for (const { block, event, timeS } of events) {
        if (event === 'start') since.set(block, timeS);
        if (event === 'finish') stretches.get(block)!.push({ fromMs: since.get(block)! * 1_000, toMs: timeS * 1_000, state: 'producing' });
      }
      return stretches;
    };
    let right = 0;
    let wrongButSure = 0;
    for (let seed = 1; seed <= 12; seed += 1) {
      const slow = seed % 4;
      const found = bottleneckOf(stretchesOf([0, 1, 2, 3].map((index) => (index === slow ? 1.25 : 1)), seed), 0, 3e6)!;
      if (found.station === `m${slow}`) right += 1;
      else if (found.confidence > 0.95) wrongButSure += 1;
    }
    assert.ok(right >= 11 && wrongButSure === 0, `${right} of 12, ${wrongButSure} wrong though sure`);
    const even = bottleneckOf(stretchesOf([1, 1, 1, 1], 3), 0, 3e6)!;
    assert.ok(even.share < 0.7, JSON.stringify(even));
    assert.equal(bottleneckOf(new Map([['a', []]]), 0, 1_000), undefined);
  });
});
