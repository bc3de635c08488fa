import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Anomaly, Expected, LearningProgress, TwinMessage } from '../../contract/messages.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { type FlowNode, type NodeRed, nodeRedVersions, startNodeRed } from './startNodeRed.ts';

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
    ],
  },
  { id: 'asset', type: 'twin-asset', z: 'tab', site: 'site', assetType: 'type', key: 'pump1', name: 'Pump 1', wires: [['baseline'], []] },
  { id: 'baseline', type: 'twin-baseline', z: 'tab', site: 'site', wires: [['anomaly']] },
  { id: 'anomaly', type: 'twin-anomaly', z: 'tab', site: 'site', wires: [['end']] },
  { id: 'end', type: 'debug', z: 'tab', active: false, wires: [] },
];

const judged = (nodeRed: NodeRed): Judged[] => nodeRed.sent.filter(({ from }) => from === 'anomaly').map(({ message }) => message as unknown as Judged);

describe('what was learned survives kill -9', function () {
  this.timeout(120_000);
  const seed = Number(process.env.TWINWIRE_SEED ?? 7);
  let userDir: string;
  beforeEach(() => {
    userDir = mkdtempSync(path.join(os.tmpdir(), 'twinwire-killed-'));
  });
  afterEach(() => rmSync(userDir, { recursive: true, force: true }));

  for (const version of nodeRedVersions) {
    it(`the first value after it is judged by the learned baseline, in Node-RED ${version}.x (seed ${seed})`, async () => {
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
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await nodeRed.kill();

        nodeRed.sent.length = 0;
        await nodeRed.restart();
        nodeRed.receive('asset', { payload: { speed: 1200, current: 1400 / 250 } });
        await nodeRed.until(() => judged(nodeRed).length > 0, 'the first verdict after the restart');
        const first = judged(nodeRed)[0] as Judged;
        assert.notEqual(first.learning.phase, 'learning');
        assert.notEqual(first.anomaly.verdict, 'learning', JSON.stringify(first));
        assert.ok(first.anomaly.score > 0, JSON.stringify(first));
        const expected = first.expected.current;
        assert.ok(expected !== undefined && Math.abs(expected.value - 1200 / 250) < 0.1, JSON.stringify(expected));
        // And a machine that stays like that is found, without learning anew.
        for (let row = 0; row < 10; row++) nodeRed.receive('asset', { payload: { speed: 1200, current: 1400 / 250 }, timestamp: Date.now() + row });
        await nodeRed.until(() => judged(nodeRed).some(({ anomaly }) => anomaly.verdict === 'anomaly'), 'an anomaly');
        const found = judged(nodeRed).find(({ anomaly }) => anomaly.verdict === 'anomaly') as Judged;
        assert.equal(found.anomaly.signals[0]?.property, 'current');
        assert.deepEqual(nodeRed.complaints(), []);
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
