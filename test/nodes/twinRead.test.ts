import assert from 'node:assert/strict';
import type { HistoryMark } from '../../contract/messages.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

type Row = Record<string, number | string | boolean | null>;

describe('twin-read', function () {
  this.timeout(20_000);
  let run: StartedFlow;
  const beginMs = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
  before(async () => {
    run = await startFlow(plantFlow({
      more: [{ id: 'read', type: 'twin-read', site: 'site', wires: [['answers']] }, { id: 'answers', type: 'helper' }],
    }));
    // Ten minutes, a row every ten seconds; the current is 1 for five minutes, then 3; one minute of the pressure is bad.
    const rows = Array.from({ length: 60 }, (_, index) => ({
      time: beginMs + index * 10_000, speed: 1000, current: index < 30 ? 1 : 3, ...(index >= 12 && index < 18 ? {} : { pressure: 5 }),
    }));
    const bad = Array.from({ length: 6 }, (_, index) => ({ time: beginMs + (12 + index) * 10_000, pressure: 'NaN' }));
    run.node('asset').receive({ payload: [...rows, ...bad].sort((a, b) => a.time - b.time) });
    await run.until(() => run.received('asset-out').length > 0, 'values');
    // The site writes its history four times a second.
    await new Promise((resolve) => setTimeout(resolve, 600));
  });
  after(() => run.stop());

  async function ask(question: unknown): Promise<{ payload: Row[]; history: HistoryMark; action: string; extra?: unknown }> {
    const count = run.received('answers').length;
    run.node('read').receive({ payload: question, extra: 7 });
    await run.until(() => run.received('answers').length > count, () => `an answer; ${run.received('caught').map((message) => JSON.stringify(message['error'])).join()}`);
    return run.received('answers').at(-1) as unknown as { payload: Row[]; history: HistoryMark; action: string };
  }
  const stretch = { from: beginMs, to: beginMs + 600_000 };

  it('answers with rows for a table: means over time, whose gaps are said', async () => {
    const { payload, history, action, extra } = await ask({ ...stretch, every: '5 min' });
    assert.deepEqual(payload.map(({ timestamp, twin, current, speed }) => [timestamp, twin, current, speed]), [[beginMs, 'pump1', 1, 1000], [beginMs + 300_000, 'pump1', 3, 1000]]);
    // Bad for one minute of five: what was known is the mean, and it is uncertain.
    assert.deepEqual(payload.map(({ pressure, quality }) => [pressure, quality]), [[5, 'uncertain'], [5, 'uncertain']]);
    assert.equal(String(payload[0]?.time).length, 19);
    const { what, aggregate, everyMs, source, values, rows, cut } = history;
    assert.deepEqual([what, aggregate, everyMs, source, values, rows, cut], ['aggregates', 'timeAverage2', 300_000, 'embedded', 6, 2, undefined]);
    assert.deepEqual([action, extra], ['replace', 7]);
    await run.until(() => run.statuses('read').at(-1)?.text === '6 values', 'the status');
  });

  it('answers with points for a chart, with a gap where the data is bad', async () => {
    const { payload } = await ask({ ...stretch, what: 'values', format: 'chart', properties: ['pressure'] });
    assert.deepEqual(Object.keys(payload[0] ?? {}), ['series', 'x', 'y']);
    assert.equal(payload[0]?.series, 'Pump 1: Pressure (bar)');
    assert.equal(payload.length, 60);
    assert.deepEqual(payload.map(({ y }, index) => [index, y]).filter(([, y]) => y === null), [12, 13, 14, 15, 16, 17].map((index) => [index, null]));
  });

  it('answers with a list, with one moment, in words', async () => {
    const list = await ask({ ...stretch, what: 'values', format: 'list', properties: 'current, speed' });
    assert.equal(list.payload.length, 120);
    assert.deepEqual(Object.keys(list.payload[0] ?? {}), ['time', 'timestamp', 'twin', 'property', 'value', 'quality']);
    const moment = await ask({ what: 'moment', at: beginMs + 125_000, properties: 'current,pressure' });
    assert.deepEqual(moment.payload.map(({ twin, current, quality }) => [twin, current, quality]), [['pump1', 1, 'bad']]);
    const counts = await ask({ period: 'letzte 2 Stunden', every: 0, aggregate: 'count', properties: 'current' });
    assert.deepEqual(counts.payload.map(({ current }) => current), [60]);
    assert.equal(counts.history.toMs - counts.history.fromMs, 7_200_000);
  });

  it('is bounded, and says where it was cut', async () => {
    const { payload, history } = await ask({ ...stretch, what: 'values', mostValues: 30 });
    assert.equal(payload.length, 10);
    assert.equal(history.cut?.atMs, beginMs + 100_000);
    assert.match(history.cut?.reason ?? '', /^There are more than 30 values: the answer goes only up to /);
    await run.until(() => run.statuses('read').at(-1)?.fill === 'yellow', 'the status');
  });

  it('says what it cannot understand, as a catchable error', async () => {
    const wrong: [unknown, string][] = [
      [{ twins: 'nobody' }, 'TWIN_UNKNOWN'], [{ properties: 'nothing' }, 'TWIN_PROPERTY_UNKNOWN'], [{ aggregate: '__proto__' }, 'TWIN_READ_QUESTION'],
      [{ period: 'soon' }, 'TWIN_READ_QUESTION'], [{ from: 'soon' }, 'TWIN_PERIOD'], [{ every: '-1 h' }, 'TWIN_READ_QUESTION'], [{ mostValues: 1e9 }, 'TWIN_READ_QUESTION'],
      [{ from: beginMs, to: beginMs - 1 }, 'TWIN_PERIOD'], [{ ...stretch, every: '1 ms' }, 'TWIN_HISTORY_BUCKETS'], [{ twins: [1] }, 'TWIN_READ_QUESTION'],
    ];
    for (const [payload, code] of wrong) {
      const count = run.received('caught').length;
      run.node('read').receive({ payload });
      if (code === 'TWIN_HISTORY_BUCKETS') {
        // Cut to what may be sent, rather than refused.
        await run.until(() => (run.received('answers').at(-1)?.['history'] as HistoryMark | undefined)?.everyMs === 1, 'an answer');
        continue;
      }
      await run.until(() => run.received('caught').length > count, `${code} for ${JSON.stringify(payload)}`);
      assert.equal(codeOf(run.received('caught').at(-1)), code, JSON.stringify(payload));
    }
  });

  it('takes its questions one after the other, and not without end', async () => {
    const [answers, caught] = [run.received('answers').length, run.received('caught').length];
    for (let index = 0; index < 25; index++) run.node('read').receive({ payload: { ...stretch, every: 1 } });
    await run.until(() => run.received('answers').length === answers + 20 && run.received('caught').length === caught + 5, 'twenty answers and five refusals');
    assert.equal(codeOf(run.received('caught').at(-1)), 'TWIN_READ_BUSY');
  });
});
