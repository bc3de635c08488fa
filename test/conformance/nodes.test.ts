import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../contract/fields.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { behaviourChecks } from '../checks/nodes/behaviourChecks.ts';
import { endLiveTimers } from '../checks/nodes/liveTimers.ts';
import { loadUnit, nodeNames, type NodeUnit } from '../checks/nodes/nodeUnit.ts';
import { NodeBench, pause } from '../checks/nodes/nodeBench.ts';
import { plantedNodes, soundNode } from '../checks/nodes/plantedNodes.ts';

const seed = Number(process.env.TWINWIRE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const names = nodeNames();

describe(`what every node does (TWINWIRE_SEED=${seed})`, function () {
  this.timeout(120_000);
  const units = new Map<string, NodeUnit>();
  before(async () => {
    assert.ok(names.length >= 11, `only ${names.length} nodes were found: ${names.join(', ')}`);
    for (const name of names) units.set(name, await loadUnit(name));
  });

  for (const check of behaviourChecks) {
    describe(check.name, () => {
      let saw = 0;
      for (const name of names) {
        it(name, async () => {
          const result = await check.run(units.get(name) as NodeUnit, units, seed);
          saw += result.saw;
          assert.deepEqual(result.problems, []);
        });
      }
      it('was looked at in enough nodes', () => {
        assert.ok(saw >= 5, `only ${saw} cases were seen`);
      });
    });
  }
});

describe('nodes as earlier versions saved them', function () {
  this.timeout(60_000);
  const files = globSync('test/fixtures/older/*.json', { cwd: packageRoot });
  const units = new Map<string, NodeUnit>();
  before(async () => {
    for (const name of names) units.set(name, await loadUnit(name));
  });

  it('there are some', () => assert.ok(files.length >= 1));
  for (const file of files) {
    const saved = JSON.parse(readFileSync(path.join(packageRoot, file), 'utf8')) as { id: string; type: string }[];
    for (const { id: _id, type, ...properties } of saved) {
      it(`${type} of ${path.basename(file, '.json')} starts, without a complaint about its values`, async () => {
        const unit = units.get(type);
        assert.ok(unit !== undefined, `${type} is gone: nodes that people have in their flows stay`);
        assert.deepEqual(readConfig(unit.fields, properties).problems, []);
        const bench = new NodeBench(unit, units, () => properties);
        await bench.open();
        await pause(50);
        const { hasNode } = bench;
        await bench.close(false);
        assert.equal(hasNode, true);
        assert.deepEqual(bench.errors, []);
      });
    }
  }
});

describe('the checks of what nodes do', function () {
  this.timeout(120_000);
  afterEach(() => endLiveTimers());

  for (const check of behaviourChecks) {
    it(`let a sound node pass: ${check.name}`, async () => {
      const { problems, saw } = await check.run(soundNode, new Map(), seed);
      assert.deepEqual(problems, []);
      assert.ok(saw > 0);
    });
    it(`have a planted fault: ${check.name}`, () => {
      assert.ok(plantedNodes.some((planted) => planted.caughtBy === check.name));
    });
  }

  for (const { fault, caughtBy, unit } of plantedNodes) {
    it(`catch a node that ${fault}`, async () => {
      const check = behaviourChecks.find((candidate) => candidate.name === caughtBy);
      assert.ok(check !== undefined, `there is no check "${caughtBy}"`);
      const { problems } = await check.run(unit, new Map(), seed);
      assert.notDeepEqual(problems, []);
    });
  }
});
