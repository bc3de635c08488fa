import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import { Problem } from '../../../engine/problem.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

const writer = fileURLToPath(new URL('./killedWriter.ts', import.meta.url));

describe('sqlite: the files of a data folder', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('files')));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const problemOf = (work: () => unknown): Problem => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof Problem, String(error));
      return error;
    }
    assert.fail('nothing was thrown');
  };

  it('keeps everything over a close, also what nobody waited for', async () => {
    const store = openSiteStore(join(folder, 'deep', 'data'));
    const written = [
      store.state.commit([{ key: 'a', value: 1 }]),
      store.historian.write([{ twin: 't', property: 'p', timeMs: 1, value: 'on', quality: 'good' }]),
      store.graph.change([
        ...['a', 'b'].map((key) => ({ kind: 'element' as const, element: { key, type: 'work unit', name: '' }, recordedMs: 0 })),
        { kind: 'assert', fact: { subject: 'a', relation: 'feeds', object: 'b', validFromMs: 0, recordedMs: 0, source: 's' } },
      ]),
      store.outbox.add('t', [{ idempotencyKey: 'k', body: 'b' }], 1),
    ];
    await Promise.all([store.close(), store.close()]);
    await Promise.all(written);
    await assert.rejects(store.state.get('a'), { code: 'TWIN_STORE_CLOSED' });
    await assert.rejects(store.state.commit([{ key: 'a', value: 1 }]), { code: 'TWIN_STORE_CLOSED' });
    const again = openSiteStore(store.folder);
    assert.equal((await again.state.get('a'))?.value, 1);
    assert.equal((await again.historian.asOf('t', 1))[0]?.value, 'on');
    assert.equal((await again.graph.facts({ validMs: 1, recordedMs: 1 })).length, 1);
    assert.equal((await again.outbox.pending('t', 10))[0]?.body, 'b');
    assert.deepEqual(again.problems, []);
    await again.close();
  });

  it('refuses a second opener in this process and in another one, and not after a close or a kill', async () => {
    const store = openSiteStore(folder);
    const here = problemOf(() => openSiteStore(folder));
    assert.equal(here.code, 'TWIN_STORE_LOCKED');
    assert.ok(here.message.includes(folder) && here.message.includes(String(process.pid)), here.message);
    assert.throws(() => execFileSync(process.execPath, [writer, folder], { stdio: 'pipe' }), /TWIN_STORE_LOCKED/);
    await store.close();
    assert.equal(existsSync(join(folder, 'lock.pid')), false);

    const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const there = problemOf(() => openSiteStore(folder));
    assert.equal(there.code, 'TWIN_STORE_LOCKED');
    assert.ok(there.message.includes(String(child.pid)), there.message);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await openSiteStore(folder).close();
  });

  it('says what to do when the folder cannot be made', () => {
    writeFileSync(join(folder, 'file'), '');
    const problem = problemOf(() => openSiteStore(join(folder, 'file', 'data')));
    assert.equal(problem.code, 'TWIN_STORE_FOLDER');
    assert.ok(problem.remedy.length > 10);
  });

  it('refuses files of a newer version, leaves them as they are and gives the lock back', async () => {
    await openSiteStore(folder).close();
    for (const name of ['site', 'graph', 'history']) {
      const path = join(folder, `${name}.db`);
      const database = new DatabaseSync(path);
      const { user_version: known } = database.prepare('PRAGMA user_version').get() as { user_version: number };
      database.exec('PRAGMA user_version = 99');
      database.close();
      const problem = problemOf(() => openSiteStore(folder));
      assert.equal(problem.code, 'TWIN_STORE_NEWER');
      assert.ok(problem.message.includes(`${name}.db`));
      const back = new DatabaseSync(path);
      assert.equal((back.prepare('PRAGMA user_version').get() as { user_version: number }).user_version, 99);
      back.exec(`PRAGMA user_version = ${known}`);
      back.close();
    }
    await openSiteStore(folder).close();
  });

  it('sets a damaged file aside, saves what can be read and goes on with the rest', async () => {
    const store = openSiteStore(folder);
    const text = 'x'.repeat(1000);
    await store.state.commit(Array.from({ length: 400 }, (_, n) => ({ key: `twin/${String(n).padStart(4, '0')}`, value: { n, text } })));
    await store.outbox.add('t', [{ idempotencyKey: 'k', body: 'b' }], 1);
    await store.historian.write([{ twin: 't', property: 'p', timeMs: 1, value: 1, quality: 'good' }]);
    await store.close();
    // A few pages in the middle of the learned state, and a history that is no database at all.
    const path = join(folder, 'site.db');
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(3 * 4096, 0xa5), 0, 3 * 4096, Math.floor(statSync(path).size / 8192) * 4096);
    closeSync(file);
    writeFileSync(join(folder, 'history.db'), 'this is no database, '.repeat(500));

    const again = openSiteStore(folder);
    assert.deepEqual(again.problems.map(({ code }) => code), ['TWIN_STORE_DAMAGED', 'TWIN_STORE_DAMAGED']);
    const saved = await again.state.entries('');
    assert.ok(saved.length >= 300 && saved.length < 400, `${saved.length} saved`);
    for (const { value } of saved) assert.equal((value as { text: string }).text, text);
    const [revision] = await again.state.commit([{ key: 'new', value: 1 }]);
    assert.ok((revision ?? 0) > 400);
    assert.equal((await again.outbox.pending('t', 10)).length, 1);
    assert.deepEqual(await again.historian.asOf('t', 10), []);
    await again.historian.write([{ twin: 't', property: 'p', timeMs: 2, value: 2, quality: 'good' }]);
    await again.close();
    assert.equal(readdirSync(folder).filter((name) => /\.db\.damaged-\d{8}T\d{6}Z$/.test(name)).length, 2);
    const third = openSiteStore(folder);
    assert.deepEqual(third.problems, []);
    await third.close();
  });

  it('an entry that is no JSON is left out and reported, the others are there', async () => {
    const store = openSiteStore(folder);
    await store.state.commit([{ key: 'a', value: 1 }, { key: 'b', value: 2 }]);
    await store.close();
    const database = new DatabaseSync(join(folder, 'site.db'));
    database.exec("UPDATE state SET value = '{\"n\":' WHERE key = 'a'");
    database.close();
    const again = openSiteStore(folder);
    const told: string[] = [];
    again.onProblem(({ code }) => told.push(code));
    assert.deepEqual((await again.state.entries('')).map(({ key }) => key), ['b']);
    assert.equal(await again.state.get('a'), undefined);
    assert.deepEqual(told, ['TWIN_STATE_DAMAGED', 'TWIN_STATE_DAMAGED']);
    await again.close();
  });

  it('refuses more than may wait and goes on afterwards; the loop stays free', async () => {
    const store = openSiteStore(folder);
    const points = Array.from({ length: 50_000 }, (_, n) => ({ twin: 't', property: `p${n % 100}`, timeMs: n, value: n, quality: 'good' as const }));
    const loop = monitorEventLoopDelay({ resolution: 5 });
    const writes = Array.from({ length: 60 }, () => store.historian.write(points));
    loop.enable();
    const outcomes = await Promise.allSettled(writes);
    loop.disable();
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    assert.ok(refused.length >= 1 && refused.length < 60);
    for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal((outcome.reason as Problem).code, 'TWIN_STORE_BACKLOG');
    await store.historian.write(points.slice(0, 10));
    assert.equal((await store.historian.range('t', 'p0', 0, 1e9)).length, 500);
    process.stdout.write(`      longest pause of the event loop while 2,000,000 points were written: ${(loop.max / 1e6).toFixed(1)} ms\n`);
    await store.close();
  });
});
