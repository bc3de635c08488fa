import assert from 'node:assert/strict';
import { type LineSettings, type LineStationSettings, LineTwin, type LineTwinSnapshot } from '../../../engine/process/lineTwin.ts';

const settings: LineSettings = { key: 'line', periodMs: 8 * 3_600_000, staleAfterMs: 300_000, batch: '', phase: '' };
const station = (key: string, before: string[], more: Partial<LineStationSettings> = {}): LineStationSettings =>
  ({ key, before, parts: 'count', bad: [], serial: 'serial', modes: new Map(), ...more });

/**
 * Two stations that make a part each two seconds, 42 s apart, read every 15 s, as a controller is. From minute 20 to 30 the second one stands, and twelve
 * parts more come into the buffer before the first one stands as well.
 */
function run(line: LineTwin, minutes: number, more: (index: number) => Record<string, number> = () => ({})): void {
  for (let index = 0; index < minutes * 4; index += 1) {
    const timeMs = 15_000 * index;
    const stands = (at: number, from: number): number => Math.max(0, Math.min(at, 1_800_000) - from);
    const filled = (at: number): number => Math.floor((at - stands(at, 1_224_000)) / 2_000);
    const packed = (at: number): number => Math.max(0, Math.floor((at - 42_000 - stands(at, 1_200_000)) / 2_000));
    const mode = 'Execute';
    line.take({ station: 'filler', timeMs, mode, values: { count: filled(timeMs), serial: String(9_007_199_254_740_993n + BigInt(filled(timeMs))) } });
    line.take({ station: 'packer', timeMs, mode, values: { count: packed(timeMs), serial: String(9_007_199_254_740_993n + BigInt(packed(timeMs))), ...more(index) } });
  }
}

describe('the twin of a line', () => {
  it('ways by serial numbers that are read between parts, and what stands between', () => {
    const line = new LineTwin(settings);
    line.setStations([station('filler', []), station('packer', ['filler'], { buffer: 40 })]);
    run(line, 20);
    const packer = line.report((key) => key, 'Line')!.line.stations[1]!;
    assert.equal(packer.transitBy, 'serial');
    assert.ok(Math.abs(packer.transitS! - 42) < 2, `${packer.transitS} s`);
    assert.ok(packer.transitParts >= 50, `${packer.transitParts} parts`);
    assert.deepEqual(line.surelyWay('packer'), { seconds: packer.transitS, parts: packer.transitParts });
    const unnamed = new LineTwin(settings);
    unnamed.setStations([station('filler', [], { serial: '' }), station('packer', ['filler'], { serial: '' })]);
    run(unnamed, 20);
    assert.deepEqual([unnamed.surelyWay('filler'), unnamed.surelyWay('packer')], [undefined, undefined]);
    assert.ok(Math.abs(packer.between! - 21) < 3, `${packer.between} between`);
    const longer = new LineTwin(settings);
    longer.setStations([station('filler', []), station('packer', ['filler'])]);
    run(longer, 26);
    const full = longer.report((key) => key, 'Line')!.line.stations[1]!.between!;
    assert.ok(full > packer.between! + 9 && full < packer.between! + 15, `${full} between while the packer stands`);
  });

  it('what is entered goes before what is learnt, the flow before the page; it outlives a restart', () => {
    const line = new LineTwin(settings);
    line.setStations([station('filler', []), station('packer', ['filler'])]);
    run(line, 20);
    line.setWay('packer', 30);
    const way = (of: LineTwin): unknown[] => {
      const { transitS, transitBy, transitParts } = of.report((key) => key, 'Line')!.line.stations[1]!;
      return [Math.round(transitS!), transitBy, transitParts > 0];
    };
    assert.deepEqual(way(line), [30, 'page', false]);
    const again = new LineTwin(settings);
    again.setStations([station('filler', []), station('packer', ['filler'])]);
    again.restore(JSON.parse(JSON.stringify(line.snapshot())) as LineTwinSnapshot);
    assert.deepEqual(way(again), [30, 'page', false]);
    again.setWay('packer', null);
    const learnt = way(again);
    assert.ok(Math.abs(Number(learnt[0]) - 42) < 2 && learnt[1] === 'serial' && learnt[2] === true, String(learnt));
    again.setStations([station('filler', []), station('packer', ['filler'], { transitS: 7 })]);
    assert.deepEqual(way(again), [7, 'setting', false]);
  });

  it('a line whose stations all work at all times has no bottleneck', () => {
    const line = new LineTwin(settings);
    line.setStations([station('filler', []), station('packer', ['filler'])]);
    run(line, 20);
    const { payload, line: told } = line.report((key) => key, 'Line')!;
    assert.deepEqual([payload['bottleneck'], told.bottleneck?.confidence], ['', 0]);
  });

  it('bad parts by counter, most first, as long as the period', () => {
    const line = new LineTwin({ ...settings, periodMs: 600_000 });
    line.setStations([station('filler', []), station('packer', ['filler'], { bad: ['leaks', 'labels'] })]);
    run(line, 20, (index) => ({ leaks: 3 * index, labels: Math.floor(index / 4) }));
    const { scrap, stations } = line.report((key) => key, 'Line')!.line;
    assert.deepEqual(scrap.map(({ station: key, counter }) => [key, counter]), [['packer', 'leaks'], ['packer', 'labels']]);
    assert.ok(Math.abs(scrap[0]!.count - 120) <= 12 && Math.abs(scrap[1]!.count - 10) <= 1, JSON.stringify(scrap));
    assert.equal(stations[1]!.bad, scrap[0]!.count + scrap[1]!.count);
  });

  it('serial numbers that are words match as they are; numbers that begin again match nothing wrong', () => {
    const line = new LineTwin(settings);
    line.setStations([station('filler', [], { parts: '' }), station('packer', ['filler'], { parts: '' })]);
    for (let part = 0; part < 60; part += 1) {
      line.take({ station: 'filler', timeMs: part * 10_000, mode: 'run', values: { serial: `C-${part}` } });
      line.take({ station: 'packer', timeMs: part * 10_000 + 1, mode: 'run', values: { serial: `C-${part - 3}` } });
    }
    const { transitS, transitBy, transitParts, between } = line.report((key) => key, 'Line')!.line.stations[1]!;
    assert.deepEqual([Math.round(transitS!), transitBy, transitParts, between], [30, 'serial', 57, null]);
    const odd = new LineTwin(settings);
    odd.setStations([station('filler', []), station('packer', ['filler'])]);
    for (let part = 0; part < 60; part += 1) {
      odd.take({ station: 'filler', timeMs: part * 10_000, mode: 'run', values: { serial: part % 7 } });
      odd.take({ station: 'packer', timeMs: part * 10_000, mode: 'run', values: { serial: 'A' } });
    }
    assert.equal(odd.report((key) => key, 'Line')!.line.stations[1]!.transitS, null);
  });
});
