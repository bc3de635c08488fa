import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generatedRuns } from '../../bench/failureRuns.ts';
import type { TwinForecast } from '../../contract/forecast.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import { startFlow } from './startFlow.ts';
import type { StartedFlow } from './startFlow.ts';

describe('twin-forecast', function () {
  this.timeout(30_000);
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-forecast-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  function flow(node: Record<string, unknown>): Record<string, unknown>[] {
    return plantFlow({
      asset: { wires: [['forecast'], []] },
      more: [
        { id: 'forecast', type: 'twin-forecast', site: 'site', property: 'pressure', ...node, wires: [['same'], ['warning']] },
        { id: 'same', type: 'helper' },
        { id: 'warning', type: 'helper' },
      ],
    });
  }

  /** Ten days of hourly values; the last one is now. */
  async function feed(of: (hour: number) => number, hours = 240): Promise<void> {
    const beginMs = Date.now() - hours * 3_600_000;
    const rows = Array.from({ length: hours }, (_, hour) => ({ time: beginMs + hour * 3_600_000, pressure: of(hour) }));
    const known = run.received('same').length;
    run.node('asset').receive({ payload: rows.slice(0, -1) });
    await run.until(() => run.received('same').length > known, 'the history');
    // The site writes its history four times a second.
    const deadlineMs = Date.now() + 20_000;
    for (;;) {
      const before = run.received('same').length;
      run.node('asset').receive({ payload: { pressure: of(hours) }, timestamp: Date.now() });
      await run.until(() => run.received('same').length > before, 'the message');
      const last = run.received('same').at(-1)?.['forecast'] as TwinForecast | undefined;
      if (last !== undefined && last.state !== 'tooFew') return;
      assert.ok(Date.now() < deadlineMs, JSON.stringify(last));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  const lastForecast = (): TwinForecast => run.received('same').at(-1)?.['forecast'] as unknown as TwinForecast;

  it('says when the type’s limit is reached, with a range, and warns once', async () => {
    run = await startFlow(flow({ warnDays: 14 }), { userDir });
    await feed((hour) => 5 + 0.01 * hour + 0.02 * Math.sin(hour * 7));
    const { state, limit, expectedMs = NaN, fromMs = NaN, toMs = NaN, text, timeMs, warn } = lastForecast();
    assert.equal(state, 'forecast', text);
    assert.equal(limit, 9);
    // 9 is reached after 400 hours: 160 from now.
    assert.ok(Math.abs((expectedMs - timeMs) / 3_600_000 - 160) < 12, `${(expectedMs - timeMs) / 3_600_000} hours`);
    assert.ok(fromMs <= expectedMs && expectedMs <= toMs && warn);
    assert.match(text, /^Pump 1: Pressure reaches 9 bar in about 6 d .* \(between .*\), now 7\.\d+ bar\.$/);
    assert.equal(run.received('warning').length, 1);
    assert.match(String(run.received('warning')[0]?.payload), /^Pump 1: Pressure reaches 9 bar in about /);
    assert.ok(run.statuses('forecast').some((each) => String(each.text).startsWith('Pump 1: limit in about 6 d')), JSON.stringify(run.statuses('forecast')));
  });

  it('foretells nothing where there is no trend, and warns of nothing', async () => {
    run = await startFlow(flow({ limit: '8,5' }), { userDir });
    await feed((hour) => 5 + 0.3 * Math.sin(hour * 7));
    assert.equal(lastForecast().state, 'noTrend', lastForecast().text);
    assert.equal(lastForecast().limit, 8.5);
    assert.equal(run.received('warning').length, 0);
  });

  it('until a failure: takes a table of runs and messages of failures, says how long is left, and the time to the limit while there are too few', async () => {
    run = await startFlow(flow({ until: 'failure', limit: '8.5', days: 60 }), { userDir });
    const { runs, columns } = generatedRuns(12, 1);
    const tableOf = (count: number): string => ['run;hours;pressure;current', ...runs.slice(0, count).flatMap(({ id, values }) =>
      Array.from({ length: values.length / columns }, (_, row) => `${id};${row};${values[row * columns]!.toFixed(3)};${values[row * columns + 3]!.toFixed(3)}`))].join('\n');
    const tell = async (message: Record<string, unknown>): Promise<Record<string, unknown>> => {
      const before = run.received('same').length;
      run.node('forecast').receive(message);
      await run.until(() => run.received('same').length > before || run.received('caught').length > 0, 'the answer');
      assert.deepEqual(run.received('caught').map(codeOf), []);
      return run.received('same').at(-1)?.payload as Record<string, unknown>;
    };
    const [, own] = generatedRuns(2, 2).runs;
    const hours = own!.values.length / columns - 12;
    // A machine is known once its node has opened.
    run.node('asset').receive({ payload: { pressure: own!.values[0] }, timestamp: Date.now() - hours * 3_600_000 - 1 });
    await run.until(() => run.received('same').length > 0, 'the machine');
    assert.deepEqual(await tell({ command: { do: 'failure-runs' }, payload: tableOf(3) }), { noted: 3, failures: 3, needed: 10 });
    await feed((hour) => own!.values[hour * columns]!, hours);
    assert.equal(lastForecast().until, 'limit');
    assert.match(lastForecast().text, /^3 of 10 failures are recorded; until then this is the time to the limit\. Pump 1: /);
    assert.deepEqual(await tell({ command: { do: 'failure-runs', twin: 'pump1' }, payload: tableOf(12) }), { noted: 12, failures: 12, needed: 10 });
    run.node('asset').receive({ payload: { pressure: own!.values[hours * columns]! }, timestamp: Date.now() });
    await run.until(() => lastForecast()?.until === 'failure', 'a forecast of the failure');
    assert.equal(lastForecast().state, 'forecast', lastForecast().text);
    assert.match(lastForecast().text, /^Pump 1: by 12 recorded failures it fails in about /);
    await run.until(() => run.statuses('forecast').some((each) => String(each.text).startsWith('Pump 1: failure in about ')), 'its status');
    const { body } = await run.admin('GET', '/twinwire/forecast/forecast/now');
    assert.deepEqual((body as { text: string }[]).map(({ text }) => text), [lastForecast().text], 'what the dialog shows');
    assert.deepEqual(await tell({ command: { do: 'failure', twin: 'pump1', what: 'bearing' } }), { noted: 1, failures: 13, needed: 10 });
    run.node('forecast').receive({ command: { do: 'failure-runs' }, payload: 'a;b\n1;2\n' });
    await run.until(() => run.received('caught').length > 0, 'the error');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_FAILURE_RUNS');
  });

  it('refuses a property that the machine has not, and a limit that nobody gave', async () => {
    run = await startFlow(flow({ property: 'nowhere' }), { userDir });
    run.node('asset').receive({ payload: { pressure: 1 } });
    await run.until(() => run.received('caught').length > 0, 'the error');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_FORECAST_PROPERTY');
    await run.stop();
    run = await startFlow(flow({ property: 'current' }), { userDir });
    run.node('asset').receive({ payload: { current: 1 } });
    await run.until(() => run.received('caught').length > 0, 'the error');
    assert.equal(codeOf(run.received('caught')[0]), 'TWIN_FORECAST_NO_LIMIT');
  });
});
