import assert from 'node:assert/strict';
import { causeOfRecord } from '../../../engine/process/causeRecord.ts';
import { type LineFinding, LineTwin, type LineSettings, type LineStationSettings, type LineTwinSnapshot } from '../../../engine/process/lineTwin.ts';

const minuteMs = 60_000;
const settings: LineSettings = { key: 'line', periodMs: 8 * 3_600_000, staleAfterMs: 5 * minuteMs, batch: '', phase: '' };
const station = (key: string, before: string[] = [], more: Partial<LineStationSettings> = {}): LineStationSettings =>
  ({ key, before, parts: 'count', bad: [], modes: new Map(), idealS: 6, ...more });

/** Words of stations, and what was found. */
class Told {
  readonly line: LineTwin;
  readonly found: LineFinding[] = [];

  constructor(stations: readonly LineStationSettings[], more: Partial<LineSettings> = {}) {
    this.line = new LineTwin({ ...settings, ...more });
    this.line.setStations(stations);
  }

  say(key: string, minute: number, count: number, mode = 'Execute'): void {
    this.line.take({ station: key, timeMs: minute * minuteMs, mode, values: { count } });
    this.take();
  }

  wait(minute: number): void {
    this.line.advance(minute * minuteMs);
    this.take();
  }

  /** Which station limits is another matter. */
  private take(): void {
    this.found.push(...this.line.takeNews().findings.filter(({ code }) => code !== 'LINE_BOTTLENECK'));
  }

  codes(): [string, string][] {
    return this.found.map(({ code, station: key }) => [code, key]);
  }

  figures(key: string) {
    const found = this.line.report((one) => one, 'Line')!.line.stations.find((one) => one.key === key)!;
    this.take();
    return found;
  }
}

describe('the twin of a line and bad input', () => {
  it('a counter that begins again is told with its name, once each time; what it shows since is counted', () => {
    const told = new Told([station('packer')]);
    for (const [minute, count] of [[0, 100], [1, 110], [2, 4], [3, 14]] as const) told.say('packer', minute, count);
    assert.deepEqual(told.found, [{ code: 'TWIN_LINE_COUNTER_RESET', station: 'packer', timeMs: 2 * minuteMs, detail: 'count' }]);
    assert.equal(told.figures('packer').parts, 24);
    // A counter that stands, or grows, has not begun again.
    told.say('packer', 4, 14);
    told.say('packer', 5, 15);
    assert.equal(told.found.length, 1);
    told.say('packer', 6, 0);
    assert.equal(told.found.length, 2);
  });

  it('a station that falls silent is told once, at its time, and again after it has spoken; also one whose mode nobody knows, and one that never spoke', () => {
    const told = new Told([station('filler'), station('packer', ['filler']), station('wrapper', ['packer'])]);
    for (let minute = 0; minute <= 4; minute += 1) {
      told.say('filler', minute, 10 * minute);
      told.say('packer', minute, 10 * minute, 'Warble');
    }
    assert.deepEqual(told.codes(), [['TWIN_LINE_MODE', 'packer']]);
    assert.equal(told.figures('packer').code, 'TWIN_LINE_MODE');
    for (let minute = 5; minute <= 30; minute += 1) told.say('filler', minute, 10 * minute);
    assert.deepEqual(told.found.slice(1).map(({ code, station: key, timeMs }) => [code, key, Math.round(timeMs / minuteMs)]), [
      ['TWIN_LINE_SILENT', 'wrapper', 5], ['TWIN_LINE_SILENT', 'packer', 9],
    ]);
    assert.deepEqual([told.figures('wrapper').code, told.figures('packer').code], ['TWIN_LINE_SILENT', 'TWIN_LINE_SILENT']);
    told.say('wrapper', 31, 0);
    told.wait(40);
    assert.deepEqual(told.codes().slice(3).sort(), [['TWIN_LINE_SILENT', 'filler'], ['TWIN_LINE_SILENT', 'wrapper']]);
    assert.ok(Math.abs(told.figures('filler').unknownMin - 5) < 0.01, String(told.figures('filler').unknownMin));
  });

  it('while nothing ran, nobody was silent', () => {
    const before = new Told([station('filler')]);
    before.say('filler', 0, 0);
    before.say('filler', 1, 10);
    const after = new Told([station('filler')]);
    after.line.restore(JSON.parse(JSON.stringify(before.line.snapshot())) as LineTwinSnapshot);
    after.wait(60);
    after.say('filler', 61, 900);
    assert.deepEqual(after.codes(), []);
    // The time is not known all the same, and nothing that was made in it is counted.
    assert.deepEqual([Math.round(after.figures('filler').unknownMin), after.figures('filler').parts], [55, 10]);
    after.wait(70);
    assert.deepEqual(after.codes(), [['TWIN_LINE_SILENT', 'filler']]);
  });

  it('time in which nothing was planned has no OEE, which is told once; with work planned again there is one', () => {
    const told = new Told([station('packer')], { isPlanned: (timeMs) => timeMs >= 20 * minuteMs });
    for (let minute = 0; minute <= 10; minute += 1) told.say('packer', minute, minute);
    for (let turn = 0; turn < 3; turn += 1) {
      const { code, oee, availability } = told.figures('packer');
      assert.deepEqual([code, oee, availability], ['TWIN_OEE_NO_PLAN', null, null]);
    }
    assert.deepEqual(told.codes(), [['TWIN_OEE_NO_PLAN', 'packer']]);
    for (let minute = 11; minute <= 30; minute += 1) told.say('packer', minute, 10 * minute);
    assert.deepEqual([told.figures('packer').code, told.figures('packer').availability], ['', 1]);
    assert.equal(told.found.length, 1);
  });

  it('what comes after a silence and tells of the past is counted as late, and is neither time nor parts', () => {
    const told = new Told([station('filler'), station('packer', ['filler'])]);
    for (let minute = 0; minute <= 30; minute += 1) {
      told.say('filler', minute, 10 * minute);
      if (minute <= 10) told.say('packer', minute, 10 * minute);
    }
    // 20 minutes of the packer at once: what was made, and a stop of long ago.
    for (let minute = 11; minute <= 30; minute += 1) told.say('packer', minute, 10 * minute, minute === 15 ? 'Held' : 'Execute');
    const { late, parts, unknownMin, performance, state } = told.figures('packer');
    assert.deepEqual([late, parts, Math.round(unknownMin), state], [18, 110, 15, 'producing']);
    // 100 parts in 15 min known; those of the silence would make the packer faster than it can be.
    assert.ok(performance! <= 1, String(performance));
    assert.deepEqual(told.codes(), [['TWIN_LINE_SILENT', 'packer'], ['TWIN_LINE_LATE', 'packer']]);
    for (let minute = 31; minute <= 40; minute += 1) for (const key of ['filler', 'packer']) told.say(key, minute, 10 * minute);
    assert.deepEqual([told.figures('packer').parts, told.found.length], [210, 2]);
    // Told again after a while, kept over a restart, forgotten with the period.
    told.line.late('packer', 5, 50 * minuteMs);
    assert.equal(told.line.takeNews().findings.length, 1);
    told.line.late('packer', 5, 51 * minuteMs);
    assert.equal(told.line.takeNews().findings.length, 0);
    told.line.late('nobody', 5, 51 * minuteMs);
    const again = new Told([station('filler'), station('packer', ['filler'])]);
    again.line.restore(JSON.parse(JSON.stringify(told.line.snapshot())) as LineTwinSnapshot);
    assert.equal(again.figures('packer').late, 28);
    again.say('filler', 600, 0);
    assert.equal(again.figures('packer').late, 0);
  });

  it('a station whose clock is minutes behind counts as it speaks, without holes', () => {
    const told = new Told([station('filler'), station('packer', ['filler'])]);
    for (let minute = 0; minute <= 30; minute += 1) {
      told.say('filler', minute, 10 * minute);
      told.say('packer', minute - 4, 10 * minute);
    }
    const { parts, late, availability, unknownMin } = told.figures('packer');
    assert.deepEqual([parts, late, availability, unknownMin, told.codes()], [300, 0, 1, 0, []]);
  });

  it('parts that never arrive are told once, where the station works and its counter stands; not while it is down or has no counter', () => {
    const run = (mode: string, count: (minute: number) => number, more: Partial<LineStationSettings> = {}): Told => {
      const told = new Told([station('filler'), station('packer', ['filler'], more)]);
      for (let minute = 0; minute <= 30; minute += 1) {
        told.say('filler', minute, 10 * minute);
        told.say('packer', minute, count(minute), mode);
        if (minute % 10 === 0) told.figures('packer');
      }
      return told;
    };
    assert.deepEqual(run('Execute', () => 7).codes(), [['TWIN_LINE_NOT_ARRIVING', 'packer']]);
    assert.deepEqual(run('Execute', (minute) => 10 * minute).codes(), []);
    assert.deepEqual(run('Held', () => 7).codes(), [['LINE_STOP', 'packer']]);
    assert.deepEqual(run('Execute', () => 7, { parts: '' }).codes(), []);
    const told = run('Execute', () => 7);
    for (let minute = 31; minute <= 33; minute += 1) told.say('packer', minute, minute);
    assert.equal(told.figures('packer').parts, 26);
    assert.equal(told.found.length, 1);
  });
});

describe('what goes with bad parts, and parts that never arrive', () => {
  it('says so of the way that it cannot know, and names nothing from there', () => {
    const times = Float64Array.from({ length: 400 }, (_, index) => 4_000 * index + ((index * 7_919) % 1_500));
    const counted = { times, values: Float64Array.from(times, (_, index) => index) };
    const stands = { times, values: new Float64Array(times.length) };
    const bad = { times, values: Float64Array.from(times, (_, index) => Math.floor(index / 10)) };
    const notes = (middle: typeof counted): string[] => causeOfRecord({
      about: 'scrap', judgedAt: 'c', fromMs: 0, toMs: 1_700_000, fewestBad: 20, waysS: {},
      stations: [
        { key: 'a', before: [], parts: counted, bad: [], stretches: [] }, { key: 'b', before: ['a'], parts: middle, bad: [], stretches: [] },
        { key: 'c', before: ['b'], parts: counted, bad: [bad], stretches: [], way: { seconds: 5, parts: 0 } },
      ],
      relations: [{ from: 'a', relation: 'feeds', to: 'b' }, { from: 'b', relation: 'feeds', to: 'c' }],
      series: [{ station: 'a', property: 'pressure', kind: 'measured', times, values: times.map((_, index) => index % 13) }],
    }).notes.map(({ code, station: key }) => `${key}: ${code}`);
    assert.ok(notes(stands).includes('a: parts never arrive'), notes(stands).join());
    assert.ok(!notes(counted).some((note) => note.includes('never arrive')), notes(counted).join());
  });
});
