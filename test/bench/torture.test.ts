import assert from 'node:assert/strict';
import { badLineTorture } from '../../bench/torture/badLineTorture.ts';
import { killTorture } from '../../bench/torture/killTorture.ts';
import { blockedTorture, outageTorture } from '../../bench/torture/outageTorture.ts';
import { noPowerCuts, powerCutTorture } from '../../bench/torture/powerCutTorture.ts';
import { failuresOf } from '../../bench/torture/tortureResult.ts';
import type { TortureResult } from '../../bench/torture/tortureResult.ts';
import { checkParameters } from '../checks/ports/checkParameters.ts';
import { skip } from '../skip.ts';

/** The short form of `npm run torture`. What only a long run or an idle machine can tell (rates, memory, times) is left to it. */
function assertHolds(result: TortureResult, timed: readonly RegExp[] = []): void {
  assert.ok(result.rows.length >= 2, 'it measured something');
  const failures = failuresOf(result).filter((text) => !timed.some((pattern) => pattern.test(text)));
  assert.deepEqual(failures, [], `${result.title}\n${(result.notes ?? []).join('\n')}`);
}

describe('torture, short', function () {
  this.timeout(120_000);

  it('SIGKILL under load: nothing accepted is lost, nothing is invented, alerts keep their order, it always starts', async () => {
    assertHolds(await killTorture({ kills: 3, seed: checkParameters(1).seed }), [/^slowest start/, /^values accepted/, /^accepted alerts lost: 0 /]);
  });

  for (const [fault, found] of [['loses', /^accepted values lost on their way/], ['changes', /^invented/]] as const) {
    it(`finds a plant that ${fault} what it accepted`, async () => {
      const failures = failuresOf(await killTorture({ kills: 1, seed: 3, fault }));
      assert.ok(failures.some((text) => found.test(text)), failures.join('\n'));
    });
  }

  for (const sync of ['always', 'group'] as const) {
    it(`power cuts (${sync})`, async function () {
      const reason = noPowerCuts();
      if (reason !== undefined) skip(this, reason);
      // On a busy disk a sync takes its time: what group promises is measured by the long run.
      assertHolds(await powerCutTorture({ cuts: 2, seed: checkParameters(1).seed, sync }), [/^oldest accepted value that was lost/, /^values accepted/]);
    });
  }

  it('an outage: everything arrives', async () => {
    assertHolds(await outageTorture({ values: 20_000 }), [/^memory/, /^drained/, /^slowest live/]);
  });

  it('a blocked target: what is given up is counted and dated, the rest arrives', async () => {
    assertHolds(await blockedTorture({ seconds: 3, keepBytes: 1_000_000 }), [/^load reached/]);
  });

  it('one bad line in a thousand is one dead letter, to every kind of target', async () => {
    assertHolds(await badLineTorture({ batches: 2, seed: checkParameters(1).seed }));
  });
});
