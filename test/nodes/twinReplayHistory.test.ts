import assert from 'node:assert/strict';
import type { HistoryMark, ReplayMark, TwinBatchMessage } from '../../contract/messages.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

type Entry = Record<string, unknown>;
type Row = Record<string, number | string | null>;

const beginMs = Math.floor(Date.now() / 1000) * 1000 - 120_000;
const endMs = beginMs + 60_000;

function flow(factor: number, replay: Entry = {}): Entry[] {
  const properties = [property('current', { unit: 'A', high: '5', deadband: '0.1' }), property('power', { valueKind: 'derived', expression: `current * ${factor}`, unit: 'kW' })];
  return plantFlow({
    properties,
    asset: { mapping: [{ address: 'PLC.current', property: 'current', scale: 0.1, offset: 0 }], wires: [['asset-out', 'baseline'], ['events', 'alert']] },
    more: [
      { id: 'other', type: 'twin-assets', site: 'site', assetType: 'type', machines: [{ key: 'pump2', name: 'Pump 2', place: 'plant/line1' }], together: 0, wires: [['other-out'], []] },
      { id: 'other-out', type: 'helper' },
      { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['alert']] },
      // The live machine is silent here, and would say so.
      { id: 'alert', type: 'twin-alert', site: 'site', onStale: false, wires: [['alerts']] },
      { id: 'alerts', type: 'helper' },
      { id: 'replay', type: 'twin-replay', site: 'site', source: 'history', from: String(beginMs), to: String(endMs), batchRows: 25, wires: [['asset', 'other', 'played']], ...replay },
      { id: 'played', type: 'helper' },
      { id: 'read', type: 'twin-read', site: 'site', format: 'list', what: 'values', period: 'fromTo', from: String(beginMs), to: String(endMs), properties: 'power,current', wires: [['answers']] },
      { id: 'answers', type: 'helper' },
    ],
  });
}

describe('twin-replay of the machines\' own history', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  before(async () => {
    run = await startFlow(flow(2));
    run.node('asset').receive({ payload: Array.from({ length: 60 }, (_, index) => ({ time: beginMs + index * 1000, 'PLC.current': index === 40 ? 'NaN' : 30 + index / 2 })) });
    run.node('other').receive({ topic: 'pump2', payload: Array.from({ length: 5 }, (_, index) => ({ time: beginMs + 500 + index * 1000, current: index })) });
    await run.until(() => run.received('asset-out').length > 0 && run.received('other-out').length > 0, 'live values');
    await written();
  });
  after(() => run.stop());

  /** The site writes its history four times a second. */
  const written = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 600));

  async function history(question: Entry = {}): Promise<{ rows: Row[]; mark: HistoryMark }> {
    const count = run.received('answers').length;
    run.node('read').receive({ payload: { twins: 'pump1', ...question } });
    await run.until(() => run.received('answers').length > count, 'an answer');
    const message = run.received('answers').at(-1) as unknown as { payload: Row[]; history: HistoryMark };
    return { rows: message.payload, mark: message.history };
  }

  async function play(message: Entry, id = 'asset-out'): Promise<TwinBatchMessage[]> {
    const count = run.received(id).length;
    run.node('replay').receive(message);
    const isComplete = (): boolean => run.received(id).slice(count).some(({ replay }) => (replay as ReplayMark | undefined)?.complete === true);
    await run.until(isComplete, () => `the end; ${run.received('caught').map((each) => JSON.stringify(each['error'])).join()}`);
    return run.received(id).slice(count) as unknown as TwinBatchMessage[];
  }

  it('is lived through again: scaled once, each machine its own, marked, and history stays as it is', async () => {
    const before = await history();
    const live = run.received('asset-out')[0] as unknown as TwinBatchMessage;
    const [others, alerts] = [run.received('other-out').length, run.received('alerts').length];
    const batches = await play({ payload: 'start' });
    assert.deepEqual(batches.flatMap(({ payload }) => payload), live.payload);
    assert.deepEqual(batches.map(({ replay, historical }) => [replay?.twin, replay?.recorded, historical]), batches.map(() => ['pump1', true, true]));
    await run.until(() => run.received('other-out').length > others, 'the other machine');
    assert.deepEqual((run.received('other-out').slice(others) as unknown as TwinBatchMessage[]).flatMap(({ payload }) => payload.map(({ time, current }) => [time, current])),
      Array.from({ length: 5 }, (_, index) => [beginMs + 500 + index * 1000, index]));
    await written();
    assert.deepEqual((await history()).rows, before.rows);
    assert.equal((await history()).mark.recomputed, undefined);
    // What a replay tells of a limit says that it is past.
    assert.ok(run.received('alerts').slice(alerts).every(({ historical }) => historical === true));
  });

  it('recomputes what was derived wrongly: from a time on, with who, why and when', async () => {
    await run.deploy(flow(3, { recompute: true, warmUp: 1, why: 'wrong factor' }));
    const before = await history();
    const [alerts, cutMs] = [run.received('alerts').length, beginMs + 30_000];
    const batches = await play({ command: { from: cutMs, by: 'Anna', twins: 'pump1' } });
    await written();
    const { rows, mark } = await history();
    const plain = (all: Row[], name: string): Map<number, unknown> => new Map(all.filter(({ property: own }) => own === name).map(({ timestamp, value }) => [Number(timestamp), value]));
    const [was, now, current] = [plain(before.rows, 'power'), plain(rows, 'power'), plain(rows, 'current')];
    assert.deepEqual([...now.keys()], [...was.keys()]);
    assert.deepEqual(plain(before.rows, 'current'), current);
    for (const [timeMs, value] of now) {
      const factor = timeMs < cutMs ? 2 : 3;
      // The bad value keeps the last good one, as it was live.
      assert.ok(Math.abs(Number(value) - Number(current.get(timeMs)) * factor) < 1e-9, `${(timeMs - beginMs) / 1000} s: ${String(value)}`);
    }
    assert.equal(mark.recomputed?.length, 1);
    const [lineage] = mark.recomputed ?? [];
    assert.deepEqual([lineage?.twin, lineage?.by, lineage?.why, lineage?.fromMs, lineage?.toMs], ['pump1', 'Anna', 'wrong factor', cutMs, endMs]);
    assert.equal((await history({ to: cutMs, from: beginMs })).mark.recomputed, undefined);
    assert.ok(batches.every(({ replay }) => replay?.recomputed?.by === 'Anna' && replay.recomputed.fromMs === cutMs));
    // Warming up goes before, in its own rows.
    assert.ok(batches[0]?.payload[0]?.time === beginMs);
    assert.ok(run.received('alerts').slice(alerts).every(({ historical }) => historical === true));
  });

  it('says what it cannot play', async () => {
    for (const [command, code] of [[{ from: 'soon' }, 'TWIN_PERIOD'], [{ from: endMs }, 'TWIN_PERIOD'], [{ twins: 'nobody' }, 'TWIN_UNKNOWN']] as const) {
      const count = run.received('caught').length;
      run.node('replay').receive({ command });
      await run.until(() => run.received('caught').length > count, code);
      assert.equal(codeOf(run.received('caught').at(-1)), code);
    }
  });
});
