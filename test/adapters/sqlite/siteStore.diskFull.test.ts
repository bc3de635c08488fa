import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import type { Problem } from '../../../engine/problem.ts';
import { skip } from '../../skip.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

describe('sqlite: a full disk', function () {
  this.timeout(60_000);
  let folder: string;
  let mounted = false;

  before(function () {
    folder = temporaryFolder('full');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
      mounted = true;
    } catch {
      skip(this, 'the test of a full disk needs the right to mount a small disk of its own');
    }
  });
  after(() => {
    if (mounted) execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('says so, keeps running, keeps what was accepted and goes on when there is room', async () => {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(700_000));
    let store = openSiteStore(folder);
    const accepted: string[] = [];
    let refused: Problem | undefined;
    for (let n = 0; n < 2000 && refused === undefined; n += 1) {
      const body = `${n} ${'x'.repeat(2000)}`;
      try {
        await store.outbox.add('t', [{ idempotencyKey: `${n}`, body }], n);
        accepted.push(body);
      } catch (error) {
        refused = error as Problem;
      }
    }
    assert.equal(refused?.code, 'TWIN_STORE_DISK_FULL');
    assert.ok((refused?.remedy ?? '').length > 10);
    assert.ok(accepted.length > 50);
    for (const work of [
      () => store.state.commit([{ key: 'a', value: 'x'.repeat(1_000_000) }]),
      () => store.historian.write(Array.from({ length: 20_000 }, (_, n) => ({ twin: 't', property: 'p', timeMs: n, value: n, quality: 'good' as const }))),
    ]) await assert.rejects(work(), { code: 'TWIN_STORE_DISK_FULL' });
    assert.deepEqual((await store.outbox.pending('t', 5000)).map(({ body }) => body), accepted, 'what was accepted is whole, and nothing else is there');

    rmSync(ballast);
    await store.outbox.add('t', [{ idempotencyKey: 'after', body: 'after' }], 1);
    await store.state.commit([{ key: 'a', value: 1 }]);
    await store.historian.write([{ twin: 't', property: 'p', timeMs: 1, value: 1, quality: 'good' }]);
    await store.close();
    store = openSiteStore(folder);
    assert.deepEqual(store.problems, []);
    assert.deepEqual((await store.outbox.pending('t', 5000)).map(({ body }) => body), [...accepted, 'after']);
    assert.equal((await store.state.get('a'))?.value, 1);
    assert.equal((await store.historian.asOf('t', 5))[0]?.value, 1);
    await store.close();
  });
});
