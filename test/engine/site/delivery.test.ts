import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryOutbox } from '../../../adapters/memory/memoryStore.ts';
import { Problem } from '../../../engine/problem.ts';
import { Delivery } from '../../../engine/site/delivery.ts';
import type { DeliveryOptions, DeliveryOutcome } from '../../../engine/site/delivery.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';

/** A clock and a timer that only move when told to. */
class Time {
  nowMs = 1000;
  #timers: { atMs: number; work: () => void }[] = [];
  readonly later = (delayMs: number, work: () => void): (() => void) => {
    const entry = { atMs: this.nowMs + delayMs, work };
    this.#timers.push(entry);
    return () => (this.#timers = this.#timers.filter((one) => one !== entry));
  };

  get next(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map(({ atMs }) => atMs)) - this.nowMs;
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await settle();
      const due = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.work();
    }
    this.nowMs = endMs;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}

const away = new Problem('TWIN_AWAY', 'The target is away.', 'Wait.');
const record = (n: number | string, size = 1): { idempotencyKey: string; body: string } => ({ idempotencyKey: `k${n}`, body: String(n).padEnd(size, '.') });

function setUp(answer: (bodies: string[]) => DeliveryOutcome | Promise<DeliveryOutcome>, options: Partial<DeliveryOptions> = {}) {
  const time = new Time();
  const outbox = new MemoryOutbox();
  const attempts: string[][] = [];
  const events: string[] = [];
  const deliver = async (records: readonly { body: string }[]): Promise<DeliveryOutcome> => {
    attempts.push(records.map(({ body }) => body));
    return answer(attempts.at(-1) ?? []);
  };
  const delivery = new Delivery({ outbox, deliver, later: time.later, nowMs: () => time.nowMs, random: () => 1 }, {
    target: 't',
    onDelivered: (n) => events.push(`delivered ${n}`), onProblem: ({ code }) => events.push(code), onWaiting: (n) => events.push(`waiting ${n}`),
    onDropped: (n) => events.push(`dropped ${n}`), onRejected: (n, reason) => events.push(`rejected ${n} ${reason}`),
    ...options,
  });
  return { time, outbox, attempts, events, delivery };
}

const delivered: DeliveryOutcome = { kind: 'delivered', rejected: [] };

describe('delivery', () => {
  it('gathers for the wait, delivers in order and confirms afterwards', async () => {
    const { time, outbox, attempts, events, delivery } = setUp(() => delivered, { waitMs: 1000, batchRecords: 3 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record(1)]);
    await delivery.add([record(2), record(3), record(4)]);
    await time.advance(999);
    assert.deepEqual(attempts, []);
    await time.advance(1);
    assert.deepEqual(attempts, [['1', '2', '3'], ['4']]);
    assert.deepEqual(events, ['delivered 3', 'delivered 1']);
    assert.equal((await outbox.depth('t')).records, 0);
    assert.equal(time.next, undefined, 'nothing to do, nothing scheduled');
  });

  it('delivers what an earlier run left', async () => {
    const { time, outbox, attempts, delivery } = setUp(() => delivered);
    await outbox.add('t', [record('old')], 1);
    delivery.start();
    await time.advance(0);
    assert.deepEqual(attempts, [['old']]);
  });

  it('asks again after pauses that double up to a limit, tells the problem once, and keeps everything', async () => {
    let up = false;
    const { time, outbox, attempts, events, delivery } = setUp(() => (up ? delivered : { kind: 'retry', problem: away }),
      { waitMs: 10, firstRetryMs: 100, longestRetryMs: 400 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record(1)]);
    const times: number[] = [];
    await time.advance(10);
    for (const expected of [100, 200, 400, 400]) {
      assert.equal(time.next, expected);
      times.push(time.nowMs);
      await time.advance(expected);
    }
    assert.equal(attempts.length, 5);
    assert.deepEqual(events.filter((event) => event === 'TWIN_AWAY').length, 1);
    assert.equal((await outbox.depth('t')).records, 1);
    await delivery.add([record(2)]);
    assert.equal(attempts.length, 5, 'a new record does not shorten the pause');
    up = true;
    delivery.retryNow();
    await time.advance(0);
    assert.deepEqual(attempts.at(-1), ['1', '2']);
    assert.equal((await outbox.depth('t')).records, 0);
    up = false;
    await delivery.add([record(3)]);
    await time.advance(10);
    assert.equal(time.next, 100, 'the pause begins anew');
    assert.equal(events.filter((event) => event === 'TWIN_AWAY').length, 2);
  });

  it('a deliver that throws is a retry, not the end', async () => {
    let calls = 0;
    const { time, events, delivery, outbox } = setUp(() => {
      calls += 1;
      if (calls === 1) throw new TypeError('broken');
      return delivered;
    }, { waitMs: 1 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record(1)]);
    await time.advance(5000);
    assert.deepEqual(events, ['TWIN_DELIVERY_FAILED', 'waiting 1', 'delivered 1']);
    assert.equal((await outbox.depth('t')).records, 0);
  });

  it('an outbox that fails for a while is waited for', async () => {
    const { time, outbox, attempts, delivery, events } = setUp(() => delivered, { waitMs: 1 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record(1)]);
    const pending = outbox.pending.bind(outbox);
    outbox.pending = () => Promise.reject(new Problem('TWIN_STORE_DISK_FULL', 'The disk is full.', 'Make room.'));
    await time.advance(3000);
    assert.deepEqual(attempts, []);
    assert.equal(events[0], 'TWIN_STORE_DISK_FULL');
    outbox.pending = pending;
    await time.advance(10_000);
    assert.deepEqual(attempts, [['1']]);
  });

  it('sets aside what the target refuses, with its reason, and goes on', async () => {
    const { time, outbox, events, delivery } = setUp((bodies) => ({
      kind: 'delivered', rejected: bodies.flatMap((body, index) => (body.startsWith('bad') ? [{ index, reason: `no ${body}` }] : [])),
    }), { waitMs: 1 });
    delivery.start();
    await time.advance(0);
    await delivery.add(['a', 'bad1', 'b', 'bad2'].map((body) => record(body)));
    await time.advance(1);
    assert.deepEqual(events, ['rejected 1 no bad1', 'rejected 1 no bad2', 'delivered 2']);
    assert.deepEqual((await outbox.rejected('t', 10)).map(({ body, reason }) => [body, reason]), [['bad1', 'no bad1'], ['bad2', 'no bad2']]);
    assert.equal((await outbox.depth('t')).records, 0);
  });

  it('what went through before a target failed does not go again', async () => {
    let first = true;
    const { time, outbox, attempts, events, delivery } = setUp(() => {
      if (!first) return delivered;
      first = false;
      return { kind: 'retry', problem: away, delivered: [0, 1, 1, 99], rejected: [{ index: 2, reason: 'no' }] };
    }, { waitMs: 1 });
    delivery.start();
    await time.advance(0);
    await delivery.add(['a', 'b', 'c', 'd', 'e'].map((body) => record(body)));
    await time.advance(5000);
    assert.deepEqual(attempts, [['a', 'b', 'c', 'd', 'e'], ['d', 'e']]);
    assert.deepEqual(events, ['rejected 1 no', 'delivered 2', 'TWIN_AWAY', 'waiting 2', 'delivered 2']);
    assert.equal((await outbox.depth('t')).setAside, 1);
  });

  it('at the cap the oldest go, counted and dated; what is under way does not', async () => {
    let release: (outcome: DeliveryOutcome) => void = () => {};
    const { time, outbox, events, delivery } = setUp(() => new Promise((resolve) => (release = resolve)), { waitMs: 1, batchRecords: 2, keepBytes: 100 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record('a', 20), record('b', 20)]);
    await time.advance(1);
    for (const name of ['c', 'd', 'e', 'f', 'g']) {
      await time.advance(10);
      await delivery.add([record(name, 20)]);
    }
    assert.deepEqual((await outbox.pending('t', 10)).map(({ body }) => body.slice(0, 1)), ['a', 'b', 'e', 'f', 'g']);
    const gaps = await outbox.gaps('t');
    assert.deepEqual(gaps.map(({ records, bytes, fromMs, toMs }) => [records, bytes, fromMs, toMs]), [[2, 40, 1011, 1021]]);
    assert.ok(gaps.every(({ droppedMs, reason }) => droppedMs > 1000 && reason !== ''));
    assert.deepEqual(events, ['dropped 2']);
    release(delivered);
    await settle();
    assert.deepEqual((await outbox.pending('t', 10)).map(({ body }) => body.slice(0, 1)), ['e', 'f', 'g']);
  });

  it('many callers at once do not go over the cap together', async () => {
    const { time, outbox, delivery } = setUp(() => ({ kind: 'retry', problem: away }), { waitMs: 1, keepBytes: 100 });
    delivery.start();
    await time.advance(0);
    await Promise.all(Array.from({ length: 30 }, (_, n) => delivery.add([record(n, 10)])));
    const { bytes, records } = await outbox.depth('t');
    assert.ok(bytes <= 100, `${bytes} bytes`);
    assert.equal(records + (await outbox.gaps('t')).reduce((sum, gap) => sum + gap.records, 0), 30);
    await delivery.stop();
  });

  it('or new ones are refused, as chosen', async () => {
    const { outbox, delivery, time } = setUp(() => ({ kind: 'retry', problem: away }), { keepBytes: 50, atCap: 'block' });
    delivery.start();
    await time.advance(0);
    await delivery.add([record('a', 40)]);
    await assert.rejects(delivery.add([record('b', 40)]), { code: 'TWIN_OUTBOX_FULL' });
    assert.equal((await outbox.depth('t')).records, 1);
    await delivery.stop();
  });

  it('gives up what is too old', async () => {
    const { time, outbox, delivery } = setUp(() => ({ kind: 'retry', problem: away }), { waitMs: 1, keepMs: 60_000 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record('a')]);
    await time.advance(30_000);
    await delivery.add([record('b')]);
    assert.equal((await outbox.depth('t')).records, 2);
    await time.advance(70_000);
    assert.ok((await outbox.depth('t')).records < 2);
    assert.equal((await outbox.gaps('t'))[0]?.records, 1);
    await delivery.stop();
  });

  it('stops after the attempt under way and leaves no timer', async () => {
    let release: (outcome: DeliveryOutcome) => void = () => {};
    const { time, outbox, delivery, attempts } = setUp(() => new Promise((resolve) => (release = resolve)), { waitMs: 1, batchRecords: 1 });
    delivery.start();
    await time.advance(0);
    await delivery.add([record(1), record(2)]);
    await time.advance(1);
    let stopped = false;
    const stopping = delivery.stop().then(() => (stopped = true));
    await settle();
    assert.equal(stopped, false);
    release(delivered);
    await stopping;
    assert.equal(attempts.length, 1);
    assert.equal((await outbox.depth('t')).records, 1, 'the confirmed one is gone, the other stays');
    await delivery.add([record(3)]);
    assert.equal(time.next, undefined);
  });

  /** What waited through an outage, a body per record; then the target is back and one more comes every 100 ms. */
  async function afterOutage(order: 'strict' | 'liveFirst', backlog: number): Promise<{ attempts: string[][]; marks: number[] }> {
    let up = false;
    const marks: number[] = [];
    const time = new Time();
    const outbox = new MemoryOutbox();
    const attempts: string[][] = [];
    const delivery = new Delivery({
      outbox, later: time.later, nowMs: () => time.nowMs, random: () => 1,
      async deliver(records, backfillTo) {
        if (!up) return { kind: 'retry', problem: away };
        attempts.push(records.map(({ body }) => body));
        marks.push(records.filter(({ sequence }) => sequence <= backfillTo).length);
        // Each takes its time, in which the plant goes on.
        time.nowMs += 50;
        if (attempts.length % 2 === 0 && attempts.length < 40) await delivery.add([record(`live${attempts.length}`)]);
        return delivered;
      },
    }, { target: 't', order, waitMs: 100, batchRecords: 10, firstRetryMs: 100, longestRetryMs: 100 });
    delivery.start();
    await time.advance(0);
    for (let n = 0; n < backlog; n += 1) await delivery.add([record(n)]);
    await time.advance(150);
    up = true;
    for (let turn = 0; turn < 300; turn += 1) await time.advance(200);
    assert.equal((await outbox.depth('t')).records, 0);
    await delivery.stop();
    return { attempts, marks };
  }

  it('after an outage live goes first and what waited between, each in order', async () => {
    const { attempts, marks } = await afterOutage('liveFirst', 300);
    const all = attempts.flat();
    const waited = all.filter((body) => !body.startsWith('live'));
    assert.deepEqual(waited, Array.from({ length: 300 }, (_, n) => String(n)));
    const live = all.filter((body) => body.startsWith('live'));
    assert.ok(live.length >= 10);
    assert.deepEqual(live, live.toSorted((a, b) => Number(a.slice(4)) - Number(b.slice(4))));
    // liveN came while attempt N was under way: it must not wait for the backlog of 30 attempts.
    for (const body of live) {
      const at = attempts.findIndex((batch) => batch.includes(body)) + 1;
      assert.ok(at - Number(body.slice(4)) <= 5, `${body} was in attempt ${at}`);
    }
    attempts.forEach((batch, index) => assert.equal(marks[index], batch.filter((body) => !body.startsWith('live')).length, 'what waited is marked, live is not'));
  });

  it('or, where the order counts, strictly one after the other', async () => {
    const { attempts } = await afterOutage('strict', 100);
    const all = attempts.flat();
    assert.deepEqual(all.slice(0, 100), Array.from({ length: 100 }, (_, n) => String(n)));
    assert.ok(all.slice(100).every((body) => body.startsWith('live')) && all.length > 100);
  });

  it('what an earlier run left is marked as such, what comes now is not', async () => {
    const marks: number[] = [];
    const time = new Time();
    const outbox = new MemoryOutbox();
    await outbox.add('t', [record('old')], 1);
    const deliver = async (records: readonly { sequence: number }[], backfillTo: number): Promise<DeliveryOutcome> => {
      marks.push(records.filter(({ sequence }) => sequence <= backfillTo).length);
      return delivered;
    };
    const delivery = new Delivery({ outbox, deliver, later: time.later, nowMs: () => time.nowMs }, { target: 't', waitMs: 1 });
    delivery.start();
    await time.advance(5);
    await delivery.add([record('new')]);
    await time.advance(5);
    assert.deepEqual(marks, [1, 0]);
  });

  it('leaves a target alone for as long as it asks, within bounds', async () => {
    for (const [afterMs, expected] of [[30_000, 30_000], [1, 100], [1e9, 300_000]] as const) {
      const { time, delivery } = setUp(() => ({ kind: 'retry', problem: away, afterMs }), { waitMs: 1, firstRetryMs: 100 });
      delivery.start();
      await time.advance(0);
      await delivery.add([record(1)]);
      await time.advance(1);
      assert.equal(time.next, expected);
      await delivery.stop();
    }
  });

  it('what could not be accepted is a dated gap as soon as that can be written down', async () => {
    const { time, outbox, events, delivery } = setUp(() => delivered, { waitMs: 1 });
    delivery.start();
    await time.advance(0);
    const add = outbox.add.bind(outbox);
    outbox.add = () => Promise.reject(new Problem('TWIN_STORE_DISK_FULL', 'The disk is full.', 'Make room.'));
    await assert.rejects(delivery.add([record(1, 10), record(2, 10)]), { code: 'TWIN_STORE_DISK_FULL' });
    await time.advance(5000);
    await assert.rejects(delivery.add([record(3, 10)]), { code: 'TWIN_STORE_DISK_FULL' });
    assert.deepEqual(await outbox.gaps('t'), []);
    outbox.add = add;
    await time.advance(1000);
    await delivery.add([record(4)]);
    const [gap] = await outbox.gaps('t');
    assert.deepEqual(gap, { target: 't', records: 3, bytes: 30, fromMs: 1000, toMs: 6000, reason: 'The disk is full.', droppedMs: 7000 });
    assert.deepEqual(events.filter((event) => event.startsWith('dropped')), ['dropped 3']);
    await time.advance(5000);
    assert.deepEqual([(await delivery.state()).dropped, (await delivery.state()).records], [3, 0]);
  });

  it('tells how it stands: how much, since when, how fast, why it waits', async () => {
    let up = true;
    const { time, delivery } = setUp(() => (up ? delivered : { kind: 'retry', problem: away }), { waitMs: 1, longestRetryMs: 1000 });
    delivery.start();
    await time.advance(0);
    await delivery.add(Array.from({ length: 50 }, (_, n) => record(n)));
    await time.advance(100);
    const { deliveredPerSecond, records, problem } = await delivery.state();
    assert.deepEqual([deliveredPerSecond, records, problem], [5, 0, undefined]);
    up = false;
    await delivery.add([record('x')]);
    const atMs = time.nowMs;
    await time.advance(20_000);
    const later = await delivery.state();
    assert.deepEqual([later.deliveredPerSecond, later.records, later.oldestMs, later.problem?.code], [0, 1, atMs, 'TWIN_AWAY']);
    up = true;
    await time.advance(2000);
    assert.equal((await delivery.state()).problem, undefined);
    await delivery.stop();
  });

  it('whatever the target does, every record is delivered in order, set aside or in a gap (property)', async () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 5 }), size: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3000 }) }),
    );
    const answer = fc.constantFrom('ok', 'ok', 'retry', 'throw', 'reject');
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 30 }), fc.array(answer, { maxLength: 30 }), fc.boolean(), async (actions, answers, lanes) => {
      const arrived: number[] = [];
      const { time, outbox, delivery } = setUp((bodies) => {
        const how = answers.shift() ?? 'ok';
        if (how === 'throw') throw new Error('broken');
        if (how === 'retry') return { kind: 'retry', problem: away };
        const rejected = how === 'reject' ? [{ index: 0, reason: 'no' }] : [];
        bodies.forEach((body, index) => {
          if (index > 0 || how !== 'reject') arrived.push(Number.parseInt(body, 10));
        });
        return { kind: 'delivered', rejected };
      }, { waitMs: 100, batchRecords: 4, keepBytes: 200, firstRetryMs: 100, longestRetryMs: 1000, order: lanes ? 'liveFirst' : 'strict' });
      delivery.start();
      let accepted = 0;
      for (const one of actions) {
        if (one.kind === 'wait') await time.advance(one.ms);
        else {
          await delivery.add(Array.from({ length: one.count }, (_, n) => record(accepted + n, one.size)));
          accepted += one.count;
        }
      }
      await time.advance(100_000);
      const aside = (await outbox.rejected('t', 1000)).length;
      const dropped = (await outbox.gaps('t')).reduce((sum, { records }) => sum + records, 0);
      assert.equal((await outbox.depth('t')).records, 0);
      assert.equal(arrived.length + aside + dropped, accepted);
      assert.equal(new Set(arrived).size, arrived.length);
      if (!lanes) assert.deepEqual(arrived, arrived.toSorted((a, b) => a - b));
      await delivery.stop();
    }), checkParameters(200));
  });
});
