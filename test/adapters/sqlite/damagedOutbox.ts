import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutboxFolder } from '../../../adapters/sqlite/outboxFolder.ts';

/**
 * Damages each file of a small outbox at every byte: flipped, the file cut off there, the byte doubled, everything from there on zero.
 * It must open, give back every record that the damage did not touch, exactly, nothing else, and take a new one. A record that was
 * settled may come back where the damage hit the note of it (at least once).
 */
export async function damageEveryByte(folder: string, { records, stride = 1, offset = 0 }: { records: number; stride?: number; offset?: number }): Promise<{ tried: number }> {
  const origin = join(folder, 'whole');
  const place = join(folder, 'damaged');
  mkdirSync(origin);
  const body = (n: number): string => `body ${n} é TWF1`;
  let outbox = new OutboxFolder(origin, 'always', () => {});
  await outbox.add('t', Array.from({ length: records + 2 }, (_, n) => ({ idempotencyKey: `${n}`, body: body(n) })), 5);
  await outbox.confirm('t', [1]);
  await outbox.setAside('t', [2], 'no', 6);
  await outbox.close();
  const names = readdirSync(origin);
  const logName = names.find((name) => name.endsWith('.log')) as string;
  const starts: number[] = [];
  const log = readFileSync(join(origin, logName));
  // A header stands in front of each key; the magic in the bodies is none of them.
  for (let n = 0, at = 0; n < records + 2; n += 1) {
    starts.push(at);
    at += 13 + log.readUInt32LE(at + 4);
    if (n === records + 1) starts.push(at);
  }
  const ways: Record<string, (bytes: Buffer, at: number) => Buffer> = {
    flipped: (bytes, at) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ (1 << at % 8);
      return changed;
    },
    'cut off': (bytes, at) => bytes.subarray(0, at),
    doubled: (bytes, at) => Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)]),
    zeroed: (bytes, at) => Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)]),
  };
  let tried = 0;
  for (const name of names) {
    const whole = readFileSync(join(origin, name));
    for (const [way, damage] of Object.entries(ways)) {
      for (let at = offset; at < whole.length; at += stride) {
        // The two slots of the cursor are mostly empty room.
        if (name.endsWith('.cursor') && whole[at] === 0) continue;
        rmSync(place, { recursive: true, force: true });
        mkdirSync(place);
        for (const one of names) if (one !== name) copyFileSync(join(origin, one), join(place, one));
        writeFileSync(join(place, name), damage(whole, at));
        const what = `${name} ${way} at ${at}`;
        outbox = new OutboxFolder(place, 'group', () => {});
        try {
          const [fresh] = await outbox.add('t', [{ idempotencyKey: 'fresh', body: 'fresh' }], 9);
          const found = await outbox.pending('t', 1000);
          assert.equal(found.at(-1)?.sequence, fresh, what);
          const there = new Set(found.slice(0, -1).map((record) => {
            const n = Number(record.idempotencyKey);
            assert.deepEqual([record.sequence, record.body, record.acceptedMs], [n + 1, body(n), 5], what);
            return n;
          }));
          for (let n = 2; n < records + 2; n += 1) {
            const touched = name === logName && (way === 'cut off' || way === 'zeroed' ? at < (starts[n + 1] as number) : at >= (starts[n] as number) && at < (starts[n + 1] as number));
            if (!touched) assert.ok(there.has(n), `record ${n} is missing: ${what}`);
          }
          assert.equal(found.length - 1, there.size, `twice: ${what}`);
        } finally {
          await outbox.close();
        }
        tried += 1;
      }
    }
  }
  return { tried };
}
