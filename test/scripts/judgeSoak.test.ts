import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeSoak, soakTable, theilSen } from '../../scripts/soak/judgeSoak.ts';
import type { SoakSample } from '../../scripts/soak/judgeSoak.ts';

/** A soak of 8 plant hours with 60 samples that is as it should be, but for what is changed. */
function soak(change: (sample: SoakSample, index: number, hours: number) => void = () => {}, noise = noiseOf(1)): SoakSample[] {
  return Array.from({ length: 60 }, (_each, index) => {
    const plantHours = ((index + 1) / 60) * 8;
    // Warming up at first; then flat with a saw-tooth, and a wild sample at each deploy.
    const warm = 20e6 * (1 - Math.exp(-plantHours * 3));
    const sample: SoakSample = {
      plantHours, heapBytes: 60e6 + warm + 1e6 * noise() + (index % 15 === 0 ? 15e6 : 0), residentBytes: 250e6 + 5e6 * noise(),
      loopDelayP99Ms: 5 + noise(), handles: { TCPSocketWrap: 5 + (index % 3 === 0 ? 1 : 0), Timeout: 20 + Math.round(noise()) }, openFiles: 40,
      outboxRecords: Math.round(Math.abs(noise()) * 10), storeBytes: 1e6 * index, pageEvents: index * 30, messages: index * 400,
    };
    change(sample, index, plantHours);
    return sample;
  });
}

/** Not independent: each value leans on the one before, as a heap does. */
function noiseOf(seed: number): () => number {
  let state = seed >>> 0;
  let value = 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    value = 0.5 * value + (state / 2 ** 32 - 0.5);
    return value;
  };
}

describe('the judge of a soak', () => {
  it('finds the slope of a line, with wild values in it', () => {
    const hours = Array.from({ length: 50 }, (_each, index) => index / 10);
    assert.deepEqual(theilSen([0, 1, 2, 3], [5, 5, 5, 5]), { perHour: 0, lowPerHour: 0, highPerHour: 0 });
    const { perHour, lowPerHour, highPerHour } = theilSen(hours, hours.map((hour, index) => 7 + 2 * hour + (index % 7 === 3 ? 1000 : 0)));
    assert.ok(Math.abs(perHour - 2) < 0.2 && lowPerHour <= perHour && perHour <= highPerHour, `${lowPerHour} ${perHour} ${highPerHour}`);
  });

  it('takes the median of all ten slopes between five points', () => {
    // By hand, in order: −0.15 −0.13 −0.08 −0.07 −0.0575 | −0.055 −0.045 −0.0333 0.01 0.04
    const { perHour, lowPerHour, highPerHour } = theilSen([1, 2, 3, 4, 5], [1.26, 1.27, 1.12, 1.16, 1.03]);
    assert.ok(Math.abs(perHour + 0.05625) < 1e-9, `${perHour}`);
    assert.ok(lowPerHour >= -0.1501 && lowPerHour < perHour && perHour < highPerHour && highPerHour <= 0.0401);
  });

  it('holds the true slope in most intervals, also where samples hang together', () => {
    let held = 0;
    const hours = Array.from({ length: 40 }, (_each, index) => index / 5);
    for (let seed = 1; seed <= 200; seed += 1) {
      const noise = noiseOf(seed * 7919);
      const { lowPerHour, highPerHour } = theilSen(hours, hours.map((hour) => 0.3 * hour + noise()));
      if (lowPerHour <= 0.3 && 0.3 <= highPerHour) held += 1;
    }
    assert.ok(held >= 180, `${held} of 200`);
  });

  it('passes a plant that warms up and is steady then, whatever its noise', () => {
    const seed = Date.now() % 2 ** 31;
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (start) => {
      assert.deepEqual(judgeSoak(soak(() => {}, noiseOf(start))).problems, []);
    }), { seed, numRuns: 100, verbose: true });
  });

  const planted: [string, RegExp, (sample: SoakSample, index: number, hours: number) => void][] = [
    ['a heap that leaks 2 MB an hour', /^The heap grows by [12]\.\d\d MB/, (sample, _index, hours) => (sample.heapBytes += 2e6 * hours)],
    ['a socket left at each deploy', /^handles: TCPSocketWrap: from/, (sample, index) => (sample.handles['TCPSocketWrap']! += Math.floor(index / 8))],
    ['a kind of handle that comes late and grows', /^handles: FSEventWrap/, (sample, index) => (sample.handles['FSEventWrap'] = Math.floor(index / 10))],
    ['files that stay open', /^open files and sockets: from/, (sample, index) => (sample.openFiles += Math.floor(index / 6))],
    ['an event loop that is held up', /^The event loop's delay \(p99\) is 8\d ms/, (sample) => (sample.loopDelayP99Ms += 80)],
    ['messages that stop', /^The messages of the nodes came to a halt in quarter 4/, (sample, index) => (sample.messages = Math.min(index, 45))],
    ['a page that is told nothing', /^The events of the page came to a halt/, (sample) => (sample.pageEvents = 7)],
    ['a heap that nobody could measure', /^The heap grows by NaN/, (sample) => (sample.heapBytes = NaN)],
  ];
  for (const [what, says, change] of planted) {
    it(`catches ${what}, and only that`, () => {
      const { problems } = judgeSoak(soak(change));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0]!, says);
    });
  }

  it('allows what is opened once', () => {
    assert.deepEqual(judgeSoak(soak((sample, index) => (sample.openFiles += index > 40 ? 1 : 0))).problems, []);
  });

  it('does not judge the event loop where it is not asked to, and never by too few samples', () => {
    const slow = soak((sample) => (sample.loopDelayP99Ms = 500));
    assert.deepEqual(judgeSoak(slow, { heapBytesPerHour: 0.5e6, loopDelayP99Ms: undefined }).problems, []);
    assert.match(judgeSoak(soak().slice(0, 20)).problems[0] ?? '', /samples to judge by/);
    assert.match(judgeSoak([]).problems[0] ?? '', /0 samples/);
  });

  it('writes a table that says all of it', () => {
    const table = soakTable(judgeSoak(soak())).join('\n');
    for (const what of ['heap after collection, MB', 'event loop delay p99, ms', 'handles: Timeout', 'open files', 'outbox']) assert.ok(table.includes(what), table);
  });
});
