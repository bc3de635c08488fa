import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import { OutboxFolder } from '../../adapters/sqlite/outboxFolder.ts';
import { Delivery } from '../../engine/site/delivery.ts';
import { deliverLines } from '../../engine/site/deliverLines.ts';
import { SeededRandom } from '../../demo/seededRandom.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { checkParameters } from '../checks/ports/checkParameters.ts';
import { influxContract } from '../services/influxContract.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';
import { skip } from '../skip.ts';
import { FaultProxy } from './opcua/faultProxy.ts';

/**
 * What "accepted" promises, each with a real fault:
 *
 * | promise | where it is tested |
 * |---|---|
 * | 1 accepted = on disk | here (strace); power cuts and kills in test/bench/torture.test.ts |
 * | 2 removed only after the target confirmed, in order | here (a proxy with six faults); delivery.kill.test.ts |
 * | 3 never refuses to start | sqlite/outboxLog.test.ts (every byte damaged) |
 * | 4 capped in bytes and age, each drop dated | engine/site/delivery.test.ts, nodes/siteOutbox.test.ts, a blocked target in test/bench/torture.test.ts |
 * | 5 a refused line goes aside with its reason | nodes/siteOutbox.test.ts; one in a thousand in test/bench/torture.test.ts |
 * | 6 a full disk | here; sqlite/siteStore.diskFull.test.ts |
 * | 7 live first after an outage | engine/site/delivery.test.ts, test/bench/torture.test.ts |
 * | 8 commands never go through it | here |
 * | 9 memory is bounded | sqlite/siteStore.files.test.ts (backlog), test/bench/torture.test.ts |
 * | 10 one process at a time | sqlite/siteStore.files.test.ts |
 */
describe('what accepted promises', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('promises')));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const later = (delayMs: number, action: () => void): (() => void) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  };

  describe('1: accepted = on disk', () => {
    before(function () {
      const tried = spawnSync('strace', ['-f', '-e', 'trace=fdatasync', 'true']);
      if (tried.status !== 0) skip(this, 'seeing the sync before the acknowledgement needs strace and the right to trace');
    });

    /** Which of write, sync and acknowledgement the system saw, in order. */
    async function traced(sync: 'always' | 'group'): Promise<string[]> {
      const program = fileURLToPath(new URL('./tracedOutbox.ts', import.meta.url));
      const log = path.join(folder, 'trace');
      const child = spawn('strace', ['-f', '-qq', '-e', 'trace=write,pwrite64,fdatasync,fsync', '-s', '60', '-o', log, process.execPath, program, path.join(folder, 'site'), sync]);
      await once(child, 'exit');
      const seen: string[] = [];
      const open = new Map<string, string>();
      for (const line of readFileSync(log, 'utf8').split('\n')) {
        const [, thread = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
        // A sync counts when it came back, a write when it began.
        if (/pwrite64\(.*TWF1.*record-\d/.test(call)) seen.push('written');
        else if (/write\(1, "accepted/.test(call)) seen.push('accepted');
        else if (/^f(?:data)?sync\(.*unfinished/.test(call)) open.set(thread, call);
        else if (/^f(?:data)?sync\(\d+\) += 0/.test(call) || (/^<\.\.\. f(?:data)?sync resumed>.*= 0/.test(call) && open.delete(thread))) seen.push('synced');
      }
      return seen;
    }

    it('always: the system reports the sync before the record is acknowledged', async () => {
      const seen = await traced('always');
      assert.equal(seen.filter((what) => what === 'accepted').length, 3, seen.join());
      for (const [at, what] of seen.entries()) {
        if (what !== 'accepted') continue;
        const written = seen.lastIndexOf('written', at);
        assert.ok(written >= 0 && seen.slice(written, at).includes('synced'), seen.join());
      }
    });

    it('group: written before, synced soon after; the check would see the difference', async function () {
      const seen = await traced('group');
      // On a disk that is too slow for it each waits for its sync, and there is no difference to see.
      const early = [...seen.entries()].filter(([at, what]) => what === 'accepted' && !seen.slice(seen.lastIndexOf('written', at), at).includes('synced'));
      assert.equal(seen.filter((what) => what === 'accepted').length, 40, seen.join());
      if (early.length === 0) skip(this, 'the disk is too slow for records to be accepted before their sync');
      assert.ok(early.every(([at]) => seen.lastIndexOf('written', at) >= 0 && seen.includes('synced', at)), seen.join());
    });
  });

  it('2: a network that refuses, cuts, resets, swallows, stalls and trickles: everything arrives once, each series in its order', async () => {
    const { seed } = checkParameters(1);
    const random = new SeededRandom(seed);
    const contract = await influxContract('2.7');
    const proxy = await FaultProxy.open(Number(new URL(contract.url).port));
    const outbox = new OutboxFolder(folder, 'group', () => {});
    const writer = createInfluxWriter({ url: `http://127.0.0.1:${proxy.port}`, version: '2', bucket: contract.bucket, token: contract.token, timeoutMs: 300 });
    const line = new Delivery({ outbox, deliver: deliverLines(writer), later, nowMs: () => Date.now() }, { target: 't', waitMs: 5, batchRecords: 50, firstRetryMs: 20, longestRetryMs: 50 });
    line.start();
    let count = 0;
    const add = async (): Promise<void> => {
      await line.add(Array.from({ length: 20 }, () => ({ idempotencyKey: String(count), body: `m,series=s${count % 4} n=${count} ${1_700_000_000_000 + count++}` })));
    };
    try {
      const faults: (() => Promise<void> | void)[] = [
        () => proxy.set('refuse'), () => proxy.set('blackhole'), () => proxy.set('stall'), () => proxy.set('trickle'), () => proxy.cut(), () => proxy.cut(true),
      ];
      const order = [...faults, ...Array.from({ length: 6 }, () => faults[Math.floor(random.uniform() * faults.length)] as () => void)];
      for (const fault of order) {
        await add();
        await fault();
        await add();
        await delay(60 + random.uniform() * 60);
        await proxy.set('pass');
        await add();
      }
      const limit = Date.now() + 20_000;
      while ((await outbox.depth('t')).records > 0 && Date.now() < limit) await delay(20);
      assert.equal((await outbox.depth('t')).records, 0);
      const arrived = contract.points().map(({ fields }) => Number([...fields][0]?.[1]));
      // The contract keeps points in the order in which each came first.
      for (let series = 0; series < 4; series += 1) {
        assert.deepEqual(arrived.filter((n) => n % 4 === series), Array.from({ length: count / 4 }, (_, index) => index * 4 + series));
      }
      assert.deepEqual(await outbox.gaps('t'), []);
    } finally {
      await line.stop();
      await writer.close();
      await outbox.close();
      await proxy.close();
      await contract.stop();
    }
  });

  it('6: a disk of 256 KB that is full: it says so within 5 s, keeps running and what it has, and goes on within 10 s of room', async function () {
    const disk = path.join(folder, 'disk');
    execFileSync('mkdir', [disk]);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      skip(this, 'the test of a full disk needs the right to mount a small disk of its own');
    }
    let up = false;
    const arrived: string[] = [];
    const problems: string[] = [];
    const outbox = new OutboxFolder(disk, 'always', (problem) => problems.push(problem.code));
    const line = new Delivery({
      outbox, later, nowMs: () => Date.now(),
      async deliver(records) {
        if (!up) throw new Error('away');
        arrived.push(...records.map(({ body }) => body.slice(0, 8)));
        return { kind: 'delivered', rejected: [] };
      },
    }, { target: 't', waitMs: 5, firstRetryMs: 20, longestRetryMs: 50 });
    try {
      writeFileSync(path.join(disk, 'ballast'), Buffer.alloc(100_000));
      line.start();
      const accepted: string[] = [];
      const codes = new Set<string>();
      let refusedAfterMs = Infinity;
      let refused = 0;
      for (let n = 0; n < 400; n += 1) {
        const body = `${String(n).padStart(8, '0')} ${'x'.repeat(1000)}`;
        const began = performance.now();
        await line.add([{ idempotencyKey: String(n), body }]).then(() => accepted.push(body.slice(0, 8)), (problem: { code?: string }) => {
          codes.add(problem.code ?? String(problem));
          refused += 1;
          refusedAfterMs = Math.min(refusedAfterMs, performance.now() - began);
        });
      }
      assert.deepEqual([...codes], ['TWIN_STORE_DISK_FULL']);
      assert.ok(refusedAfterMs < 5000, `${refusedAfterMs} ms`);
      assert.ok(accepted.length > 50 && refused > 100, `${accepted.length} accepted, ${refused} refused`);
      assert.equal((await line.state()).records, accepted.length, 'older records are whole');
      rmSync(path.join(disk, 'ballast'));
      const freedMs = performance.now();
      await line.add([{ idempotencyKey: 'after', body: 'after---' }]);
      up = true;
      while (arrived.at(-1) !== 'after---' && performance.now() - freedMs < 10_000) await delay(10);
      assert.ok(performance.now() - freedMs < 10_000);
      assert.deepEqual(arrived, [...accepted, 'after---']);
      assert.deepEqual((await outbox.gaps('t')).map(({ records }) => records), [refused], 'what could not be accepted is counted and dated');
    } finally {
      await line.stop();
      await outbox.close();
      execFileSync('umount', [disk]);
    }
  });

  it('8: only history, alerts and what is published go through it; commands have no way into it', () => {
    const users = globSync('nodes/*/runtime.ts', { cwd: packageRoot }).filter((file) => /deliverTo|deliverThrough|\boutbox\.add\b/.test(readFileSync(path.join(packageRoot, file), 'utf8')));
    assert.deepEqual(users.map((file) => path.basename(path.dirname(file))).sort(), ['twin-alert', 'twin-history', 'twin-publish']);
  });
});
