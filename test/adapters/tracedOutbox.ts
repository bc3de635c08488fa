import { OutboxFolder } from '../../adapters/sqlite/outboxFolder.ts';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The process that deliveryPromises.test.ts traces. */
const [, , folder = '', sync = 'always'] = process.argv;
mkdirSync(folder, { recursive: true });
const outbox = new OutboxFolder(folder, sync as 'always' | 'group', () => {});
// Group accepts before the sync only when it has seen some quick ones.
const count = sync === 'always' ? 3 : 40;
for (let n = 0; n < count; n += 1) {
  await outbox.add('t', [{ idempotencyKey: `record-${n}`, body: 'body' }], 1);
  process.stdout.write(`accepted ${n}\n`);
  await delay(sync === 'always' || n > count - 4 ? 100 : 1);
}
await outbox.close();
