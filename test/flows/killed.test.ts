import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Overview } from '../../contract/http.ts';
import type { AlertMessage, Anomaly, Expected, LearningProgress, TwinCase, TwinMessage } from '../../contract/messages.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { type FlowNode, type NodeRed, type NodeRedVersion, nodeRedVersions, startNodeRed } from './startNodeRed.ts';

type Judged = TwinMessage & { expected: Expected; anomaly: Anomaly; learning: LearningProgress };

const flow: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Pump' },
  { id: 'site', type: 'twin-site', name: 'Plant' },
  {
    id: 'type',
    type: 'twin-type',
    name: 'pump',
    version: 1,
    properties: [
      { name: 'speed', valueKind: 'setpoint', unit: '/min' },
      { name: 'current', valueKind: 'measured', unit: 'A', label: 'Motor current' },
      { name: 'strokes', valueKind: 'counter', counterBits: '16' },
      { name: 'hours', valueKind: 'counter', unit: 'h', label: 'Operating hours' },
    ],
  },
  { id: 'asset', type: 'twin-asset', z: 'tab', site: 'site', assetType: 'type', key: 'pump1', name: 'Pump 1', wires: [['baseline'], []] },
  { id: 'baseline', type: 'twin-baseline', z: 'tab', site: 'site', wires: [['anomaly']] },
  { id: 'anomaly', type: 'twin-anomaly', z: 'tab', site: 'site', wires: [['alert']] },
  { id: 'alert', type: 'twin-alert', z: 'tab', site: 'site', clearAfter: 3600, wires: [['end']] },
  { id: 'end', type: 'debug', z: 'tab', active: false, wires: [] },
];

const judged = (nodeRed: NodeRed): Judged[] => nodeRed.sent.filter(({ from }) => from === 'anomaly').map(({ message }) => message as unknown as Judged);

const told = (nodeRed: NodeRed): TwinCase[] => nodeRed.sent.filter(({ from }) => from === 'alert').map(({ message }) => (message as unknown as AlertMessage).case);

async function overview(nodeRed: NodeRed): Promise<Overview> {
  const answer = await fetch(`${nodeRed.url}/twin/api/overview`);
  assert.equal(answer.status, 200);
  return (await answer.json()) as Overview;
}

describe('what was learned survives kill -9', function () {
  this.timeout(120_000);
  const seed = Number(process.env.TWINWIRE_SEED ?? 7);

  const learnedIsKept = async (version: NodeRedVersion, userDir: string): Promise<void> => {
    const rows = 800;
    const random = new SeededRandom(seed);
    const nodeRed = await startNodeRed({ version, userDir, flow });
    try {
      const startMs = Date.now() - rows * 5;
      for (let index = 0; index < rows; index++) {
        const speed = 1000 + 100 * Math.floor(random.uniform() * 5);
        nodeRed.receive('asset', { payload: { speed, current: speed / 250 + 0.05 * random.normal() }, timestamp: startMs + index * 5 });
      }
      await nodeRed.until(() => judged(nodeRed).length >= rows, 'all rows to be judged', 30_000);
      const last = judged(nodeRed).at(-1) as Judged;
      assert.equal(last.learning.phase, 'armed');
      // At once: what was learned has to be on disk by the promise of the store, not by luck.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await nodeRed.kill();

      nodeRed.sent.length = 0;
      await nodeRed.restart();
      nodeRed.receive('asset', { payload: { speed: 1200, current: 1400 / 250 } });
      await nodeRed.until(() => judged(nodeRed).length > 0, 'the first verdict after the restart', 30_000);
      const first = judged(nodeRed)[0] as Judged;
      assert.notEqual(first.learning.phase, 'learning');
      assert.notEqual(first.anomaly.verdict, 'learning', JSON.stringify(first));
      assert.ok(first.anomaly.score > 0, JSON.stringify(first));
      const expected = first.expected.current;
      assert.ok(expected !== undefined && Math.abs(expected.value - 1200 / 250) < 0.1, JSON.stringify(expected));
      // And a machine that stays like that is found, without learning anew.
      for (let row = 1; row < 30; row++) nodeRed.receive('asset', { payload: { speed: 1200, current: 1400 / 250 }, timestamp: first.timestamp + row * 5 });
      await nodeRed.until(() => judged(nodeRed).some(({ anomaly }) => anomaly.verdict === 'anomaly'), 'an anomaly', 30_000);
      const found = judged(nodeRed).find(({ anomaly }) => anomaly.verdict === 'anomaly') as Judged;
      assert.equal(found.anomaly.signals[0]?.property, 'current');
      assert.deepEqual(nodeRed.complaints(), []);
    } finally {
      await nodeRed.stop();
    }
  };

  const caseIsKept = async (version: NodeRedVersion, userDir: string): Promise<void> => {
    const rows = 800;
    const random = new SeededRandom(seed);
    const nodeRed = await startNodeRed({ version, userDir, flow });
    try {
      let timeMs = Date.now() - (rows + 100) * 5;
      const send = (values: Record<string, number>): void => nodeRed.receive('asset', { payload: values, timestamp: (timeMs += 5) });
      const current = (speed: number): number => speed / 250 + 0.05 * random.normal();
      for (let index = 0; index < rows; index++) {
        const speed = 1000 + 100 * Math.floor(random.uniform() * 5);
        // 16 bits: rolls over once on the way.
        send({ speed, current: current(speed), strokes: (65_000 + index) % 65_536, hours: 1200 + index / 1000 });
      }
      for (let row = 0; row < 12; row++) send({ speed: 1200, current: 9 + 0.05 * random.normal() });
      await nodeRed.until(() => told(nodeRed).some(({ change }) => change === 'opened'), 'a case', 30_000);
      const before = told(nodeRed).find(({ change }) => change === 'opened') as TwinCase;
      const counted = judged(nodeRed).at(-1)?.payload as Record<string, number>;
      assert.equal(counted.strokes, 65_000 + rows - 1, 'the counter did not go on over its rollover');
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await nodeRed.kill();

      nodeRed.sent.length = 0;
      await nodeRed.restart();
      const { sites } = await overview(nodeRed);
      const shown = sites[0]?.machines[0];
      assert.equal(shown?.openCase?.id, before.id, 'the page forgot the case');
      assert.equal(shown.openCase.sinceMs, before.sinceMs);
      assert.equal(shown.properties.find(({ name }) => name === 'hours')?.value, 1200 + (rows - 1) / 1000);
      for (let row = 0; row < 12; row++) send({ speed: 1200, current: 9 + 0.05 * random.normal(), strokes: (65_000 + rows + row) % 65_536, hours: 1201 + row / 1000 });
      await nodeRed.until(() => judged(nodeRed).length >= 12, 'verdicts after the restart', 30_000);
      const last = judged(nodeRed).at(-1)?.payload as Record<string, number>;
      assert.equal(last.strokes, 65_000 + rows + 11);
      assert.equal(last.hours, 1201.011);
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.deepEqual(told(nodeRed).filter(({ change }) => change === 'opened'), [], 'the same trouble was told as a new case');
      assert.ok(told(nodeRed).every(({ id }) => id === before.id));
      assert.deepEqual(nodeRed.complaints(), []);
    } finally {
      await nodeRed.stop();
    }
  };

  for (const [what, play] of [
    ['the first value after it is judged by the learned baseline', learnedIsKept], ['an open case stays the same case, and counters go on where they were', caseIsKept],
  ] as const) {
    // Most of it is waiting, so both versions play at once.
    it(`${what}, in Node-RED ${nodeRedVersions.map((version) => `${version}.x`).join(' and ')} (seed ${seed})`, async () => {
      const told = await Promise.allSettled(nodeRedVersions.map(async (version) => {
        const userDir = mkdtempSync(path.join(os.tmpdir(), 'twinwire-killed-'));
        try {
          await play(version, userDir);
        } finally {
          rmSync(userDir, { recursive: true, force: true });
        }
      }));
      const problems = told.flatMap((one, index) => (one.status === 'rejected' ? [`in Node-RED ${nodeRedVersions[index]}.x: ${(one.reason as Error).stack ?? String(one.reason)}`] : []));
      assert.equal(problems.length, 0, problems.join('\n'));
    });
  }
});
