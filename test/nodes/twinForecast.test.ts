import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
    run.node('asset').receive({ payload: rows.slice(0, -1) });
    await run.until(() => run.received('same').length >= 1, 'the history');
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
