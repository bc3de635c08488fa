import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { MemoryOutbox } from '../../../adapters/memory/memoryStore.ts';
import { openDatabase } from '../../../adapters/sqlite/databaseFile.ts';
import { NumberRanges } from '../../../adapters/sqlite/numberRanges.ts';
import { OutboxLog } from '../../../adapters/sqlite/outboxLog.ts';
import { OutboxFolder } from '../../../adapters/sqlite/outboxFolder.ts';
import type { Problem } from '../../../engine/problem.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';
import { damageEveryByte } from './damagedOutbox.ts';

describe('outbox log', function () {
  this.timeout(60_000);
  let folder: string;
  let problems: Problem[];
  const open = (sync: 'always' | 'group' = 'always'): OutboxFolder => new OutboxFolder(folder, sync, (problem) => problems.push(problem));
  const bodies = async (outbox: OutboxFolder, target = 't'): Promise<string[]> => (await outbox.pending(target, 100_000)).map(({ body }) => body);
  const some = (count: number, from = 0, size = 1): { idempotencyKey: string; body: string }[] =>
    Array.from({ length: count }, (_, n) => ({ idempotencyKey: `${from + n}`, body: `${from + n} `.padEnd(size, 'x') }));
  beforeEach(() => {
    folder = temporaryFolder('outbox');
    problems = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('whatever is done with it, over any number of closes, it is what the one in memory is (property)', async () => {
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 6 }), size: fc.constantFrom(1, 50, 700_000) }) },
      fc.record({ kind: fc.constantFrom('confirm' as const, 'setAside' as const, 'drop' as const), from: fc.nat(8), count: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ kind: fc.constantFrom('retry' as const, 'discard' as const), from: fc.constant(0), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('reopen' as const) }),
    );
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
      rmSync(folder, { recursive: true, force: true });
      folder = temporaryFolder('outbox');
      let outbox = open();
      const memory = new MemoryOutbox();
      let count = 0;
      try {
        for (const one of actions) {
          if (one.kind === 'add') {
            const records = some(one.count, count, one.size);
            count += one.count;
            assert.deepEqual(await outbox.add('t', records, count), await memory.add('t', records, count));
          } else if (one.kind === 'reopen') {
            await outbox.close();
            outbox = open();
          } else if (one.kind === 'retry' || one.kind === 'discard') {
            const sequences = (await memory.rejected('t', one.count)).map(({ sequence }) => sequence);
            assert.deepEqual(await outbox[one.kind]('t', sequences), await memory[one.kind]('t', sequences));
          } else {
            const sequences = (await memory.pending('t', one.from + one.count)).slice(one.from).map(({ sequence }) => sequence);
            for (const each of [outbox, memory]) {
              if (one.kind === 'confirm') await each.confirm('t', sequences);
              else if (one.kind === 'drop') await each.drop('t', sequences, 'full', 7);
              else await each.setAside('t', sequences, 'no', 7);
            }
          }
          assert.deepEqual(await outbox.depth('t'), await memory.depth('t'));
        }
        assert.deepEqual((await outbox.pending('t', 3)).map(({ idempotencyKey }) => idempotencyKey), (await memory.pending('t', 3)).map(({ idempotencyKey }) => idempotencyKey));
        assert.deepEqual(await outbox.rejected('t', 100), await memory.rejected('t', 100));
        assert.deepEqual(await outbox.gaps('t'), await memory.gaps('t'));
        assert.deepEqual(problems, []);
      } finally {
        await outbox.close();
      }
    }), checkParameters(40));
  });

  it('a number is in ranges or not, whatever the order (property)', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(9)), { maxLength: 30 }), (pairs) => {
      const ranges = new NumberRanges();
      const plain = new Set<number>();
      for (const [first, more] of pairs) {
        ranges.add(first, first + more);
        for (let n = first; n <= first + more; n += 1) plain.add(n);
      }
      for (let n = 0; n < 75; n += 1) {
        assert.equal(ranges.has(n), plain.has(n));
        assert.equal(ranges.count(n, n + 10), Array.from({ length: 11 }, (_, k) => n + k).filter((k) => plain.has(k)).length);
      }
      ranges.ranges.forEach(([first], index) => assert.ok(first > (ranges.ranges[index - 1]?.[1] ?? -2) + 1));
    }), checkParameters(300));
  });

  it('files go when what is in them is settled, also behind others that wait', async () => {
    const outbox = open('group');
    for (let part = 0; part < 8; part += 1) await outbox.add('t', some(1000, part * 1000, 1000), part);
    const files = (): number => readdirSync(folder).filter((name) => name.endsWith('.log')).length;
    const before = files();
    assert.ok(before >= 3, `${before} files`);
    const newest = (await outbox.pending('t', 10_000, 3000)).map(({ sequence }) => sequence);
    await outbox.confirm('t', newest);
    assert.equal((await outbox.depth('t')).records, 3000);
    assert.ok(files() < before);
    assert.equal((await outbox.pending('t', 1))[0]?.body.slice(0, 2), '0 ');
    await outbox.close();
    const again = open();
    assert.equal((await again.depth('t')).records, 3000);
    await again.confirm('t', (await again.pending('t', 10_000)).map(({ sequence }) => sequence));
    assert.equal(files(), 0);
    assert.deepEqual(await again.add('t', some(1), 1), [8001]);
    await again.close();
  });

  it('a record larger than a file passes, one that is too large is refused and takes nothing along', async () => {
    const outbox = open();
    await outbox.add('t', some(2, 0, 3_000_000), 1);
    await assert.rejects(outbox.add('t', [{ idempotencyKey: 'k', body: 'x'.repeat(40_000_000) }], 1), { code: 'TWIN_OUTBOX_RECORD' });
    await outbox.add('t', some(1, 5), 2);
    assert.deepEqual((await bodies(outbox)).map((body) => body.slice(0, 2)), ['0 ', '1 ', '5 ']);
    await outbox.close();
  });

  it('every byte flipped, cut off or doubled: it opens, every whole record is there, nothing that was not, and a fresh one passes', async () => {
    // Every byte by `npm run torture`; here some of them, others each time.
    const { seed } = checkParameters(1);
    const { tried } = await damageEveryByte(folder, { records: 5, stride: 11, offset: seed % 11 });
    assert.ok(tried > 100, `${tried} tried`);
  });

  it('damage is told once, with a copy of the file, and what is missing is a dated gap', async () => {
    const outbox = open();
    await outbox.add('t', some(20, 0, 100), 5);
    await outbox.close();
    const name = readdirSync(folder).find((one) => one.endsWith('.log')) as string;
    const bytes = readFileSync(join(folder, name));
    bytes.fill(0xa5, 700, 720);
    writeFileSync(join(folder, name), bytes);
    const again = open();
    assert.deepEqual(problems.map(({ code }) => code), ['TWIN_STORE_DAMAGED']);
    assert.equal((await bodies(again)).length, 19);
    assert.deepEqual((await again.gaps('t')).map(({ records, fromMs, toMs }) => [records, fromMs, toMs]), [[1, 5, 5]]);
    await again.close();
    assert.equal(readdirSync(folder).filter((one) => one.includes('.log.damaged-')).length, 1);
    problems = [];
    const third = open();
    assert.deepEqual(problems, []);
    assert.equal((await third.gaps('t')).length, 1);
    await third.close();
  });

  it('takes over what an older version kept in a database', async () => {
    const database: DatabaseSync = openDatabase(folder, 'outbox', [], 1);
    database.exec(`
      INSERT INTO record (target, idempotency_key, body, accepted) VALUES ('t', 'a', 'one', 5), ('t', 'b', 'two', 6), ('u', 'c', 'three', 7);
      INSERT INTO rejected VALUES (9, 't', 'r', 'bad', 4, 'no', 8);
      INSERT INTO gap (target, records, bytes, from_time, to_time, reason, dropped) VALUES ('t', 3, 30, 1, 2, 'full', 3);`);
    database.close();
    const outbox = open();
    assert.deepEqual([await bodies(outbox, 't'), await bodies(outbox, 'u')], [['one', 'two'], ['three']]);
    assert.deepEqual((await outbox.rejected('t', 5)).map(({ body, reason }) => [body, reason]), [['bad', 'no']]);
    assert.equal((await outbox.gaps('t'))[0]?.records, 3);
    await outbox.close();
    assert.deepEqual(readdirSync(folder).filter((one) => one.startsWith('outbox.db')), []);
    const again = open();
    assert.equal((await again.depth('t')).records, 2);
    await again.close();
  });

  it('nothing is missed while it is written and read at the same time', async () => {
    const outbox = open('group');
    const found: string[] = [];
    let done = false;
    const reading = (async () => {
      for (;;) {
        const isLast = done;
        const records = await outbox.pending('t', 50);
        found.push(...records.map(({ idempotencyKey }) => idempotencyKey));
        await outbox.confirm('t', records.map(({ sequence }) => sequence));
        if (isLast && records.length === 0) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let group = 0; group < 100; group += 1) await Promise.all(Array.from({ length: 10 }, (_, n) => outbox.add('t', some(1, group * 10 + n, 3000), 1)));
    done = true;
    await reading;
    assert.deepEqual(found, Array.from({ length: 1000 }, (_, n) => String(n)));
    assert.deepEqual(await outbox.gaps('t'), []);
    await outbox.close();
  });

  it('a file that becomes full while its front is being read lacks nothing', async () => {
    const log = new OutboxLog(folder, 'race', [], (problem) => problems.push(problem));
    let count = 0;
    const append = async (size: number): Promise<void> => {
      await log.append([{ target: 'race', idempotencyKey: String(count++), body: 'x'.repeat(size), acceptedMs: 1 }]);
      await log.sync();
      log.keep();
    };
    await append(100_000);
    // The process stands still, for instance, in the middle of the reading.
    const probe = await openFile(join(folder, readdirSync(folder)[0] as string));
    const prototype = Object.getPrototypeOf(probe) as { read: (...given: unknown[]) => Promise<unknown> };
    const { read } = prototype;
    await probe.close();
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    prototype.read = async function slowRead(...given) {
      await gate;
      return read.apply(this, given);
    };
    try {
      const reading = log.pending(10);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await append(2_200_000);
      await append(10);
      goOn();
      await reading;
    } finally {
      prototype.read = read;
    }
    assert.deepEqual((await log.pending(10)).map(({ idempotencyKey }) => idempotencyKey), ['0', '1', '2']);
    assert.deepEqual([log.gaps(), (await log.depth()).records], [[], 3]);
    await log.close();
  });

  it('where the disk is too slow for the 100 ms of group, each record waits for its sync', async () => {
    const outbox = open('group');
    const probe = await openFile(join(folder, 'probe'), 'w');
    let slow = false;
    const prototype = Object.getPrototypeOf(probe) as { datasync: () => Promise<unknown> };
    const { datasync } = prototype;
    await probe.close();
    let synced = 0;
    // A disk whose speed is known: nothing is really synced here.
    prototype.datasync = async function knownSync() {
      if (slow) await new Promise((resolve) => setTimeout(resolve, 150));
      synced += 1;
    };
    const waits = async (n: number): Promise<boolean> => {
      const earlier: number = synced;
      await outbox.add('t', some(1, n), 1);
      return synced > earlier;
    };
    try {
      let count = 0;
      const until = performance.now() + 5000;
      // Trust is earned; on a computer that is busy itself it may not be.
      while ((await waits(count++)) && performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(count > 20, `${count}`);
      slow = true;
      while (!(await waits(count++)) && performance.now() < until + 5000) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let n = 0; n < 3; n += 1) assert.equal(await waits(count + n + 1), true, 'accepted after its sync');
    } finally {
      prototype.datasync = datasync;
    }
    await outbox.close();
  });

  it('a copy of the folder at any moment opens with all that was accepted before (group)', async () => {
    const outbox = open('group');
    const copy = `${folder}-copy`;
    for (let round = 0; round < 5; round += 1) {
      await outbox.add('t', some(200, round * 200, 2000), round);
      cpSync(folder, copy, { recursive: true });
      const copied = new OutboxFolder(copy, 'always', (problem) => problems.push(problem));
      assert.equal((await copied.depth('t')).records, (round + 1) * 200);
      await copied.close();
      rmSync(copy, { recursive: true });
    }
    assert.deepEqual(problems, []);
    await outbox.close();
  });
});
