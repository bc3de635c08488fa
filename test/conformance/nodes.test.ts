import assert from 'node:assert/strict';
import { behaviourChecks } from '../checks/nodes/behaviourChecks.ts';
import { endLiveTimers } from '../checks/nodes/liveTimers.ts';
import { loadUnit, nodeNames, type NodeUnit } from '../checks/nodes/nodeUnit.ts';
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
