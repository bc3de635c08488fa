import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BackTestSummary } from '../../contract/http.ts';
import type { Anomaly, Expected, TwinMessage } from '../../contract/messages.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import type { StartedFlow } from './startFlow.ts';
import { property, startFlow } from './startFlow.ts';

function flow(): Record<string, unknown>[] {
  return [
    { id: 'site', type: 'twin-site', name: 'Plant', clock: 'live' },
    { id: 'type', type: 'twin-type', name: 'pump', version: 1, properties: [property('speed', { valueKind: 'setpoint', unit: '/min' }), property('current', { unit: 'A', label: 'Motor current' })] },
    { id: 'asset', type: 'twin-asset', site: 'site', assetType: 'type', key: 'pump1', name: 'Pump 1', place: 'plant/line1', wires: [['baseline'], ['events']] },
    { id: 'baseline', type: 'twin-baseline', site: 'site', wires: [['anomaly']] },
    { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['out']] },
    { id: 'out', type: 'helper' },
    { id: 'events', type: 'helper' },
  ];
}

describe('the chain asset → baseline → anomaly', function () {
  this.timeout(20_000);
  const seed = 7;
  let started: StartedFlow | undefined;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-chain-'));
  });
  afterEach(async () => {
    await started?.stop();
    started = undefined;
    rmSync(userDir, { recursive: true, force: true });
  });

  async function learn(run: StartedFlow, rows: number): Promise<void> {
    const random = new SeededRandom(seed);
    const startMs = Date.now() - rows * 5;
    for (let index = 0; index < rows; index++) {
      const speed = 1000 + 100 * Math.floor(random.uniform() * 5);
      run.node('asset').receive({ payload: { speed, current: speed / 250 + 0.05 * random.normal() }, timestamp: startMs + index * 5 });
    }
    await run.until(() => run.received('out').length === rows, `all ${rows} rows through`);
  }

  it(`learns the current that belongs to a speed, finds a deviation and survives a restart (seed ${seed})`, async () => {
    started = await startFlow(flow(), { userDir });
    await learn(started, 800);
    const last = started.received('out').at(-1) as unknown as TwinMessage & { expected: Expected; anomaly: Anomaly; learning: { phase: string } };
    assert.equal(last.topic, 'plant/line1/pump1');
    assert.equal(last.twin.key, 'pump1');
    assert.equal(last.learning.phase, 'armed');
    const speed = last.payload.speed as number;
    assert.ok(Math.abs((last.expected.current?.value ?? 0) - speed / 250) < 0.1, `expected ${last.expected.current?.value} at ${speed}`);
    const verdicts = started.received('out').map((message) => (message.anomaly as Anomaly).verdict);
    assert.equal(verdicts.filter((verdict) => verdict === 'anomaly').length, 0);
    await started.stop();

    started = await startFlow(flow(), { userDir });
    started.node('asset').receive({ payload: { speed: 1200, current: 1400 / 250 } });
    await started.until(() => started?.received('out').length === 1, 'the first row after the restart');
    const first = started.received('out')[0] as unknown as typeof last;
    assert.equal(first.anomaly.verdict, 'anomaly', JSON.stringify({ anomaly: first.anomaly, expected: first.expected }));
    assert.equal(first.anomaly.signals[0]?.property, 'current');
    assert.match(first.anomaly.reason, /^Motor current /);

    // The verdicts of both runs are on record, and answer for every setting.
    const ask = async (perWeek: string, node = 'anomaly'): Promise<{ status: number; body: BackTestSummary }> =>
      (await started?.admin('GET', `/twinwire/anomaly/back-test?site=site&node=${node}&perWeek=${perWeek}`)) as { status: number; body: BackTestSummary };
    const end = performance.now() + 8_000;
    while ((await ask('1')).body.machines[0]?.count !== 1) {
      assert.ok(performance.now() < end, 'the case that would have been');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { body } = await ask('0.01', 'not-deployed');
    assert.deepEqual(body.machines.map(({ key, name, raised }) => [key, name, raised]), [['pump1', 'Pump 1', 0]]);
    assert.ok((body.machines[0]?.recordedMs ?? 0) >= 800 * 5);
    assert.equal((await ask('0')).status, 400);
    assert.equal((await ask('')).status, 400);
    assert.deepEqual((await started.admin('GET', '/twinwire/anomaly/back-test?site=none&perWeek=1')).body, { fromMs: 0, toMs: 0, machines: [], more: 0 });
  });
});
