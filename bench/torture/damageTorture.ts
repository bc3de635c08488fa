import { rmSync } from 'node:fs';
import { damageEveryByte } from '../../test/adapters/sqlite/damagedOutbox.ts';
import { temporaryFolder } from '../../test/services/serviceProcess.ts';
import type { TortureResult } from './tortureResult.ts';

/** Every byte of every file of a small outbox flipped, cut off there, doubled, and zero from there on: it always opens, with every record that is whole. */
export async function damageTorture({ records }: { records: number }): Promise<TortureResult> {
  const folder = temporaryFolder('torture-damage');
  let tried = 0;
  let failed = '';
  try {
    ({ tried } = await damageEveryByte(folder, { records }));
  } catch (error) {
    failed = error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    title: `every byte of an outbox with ${records + 2} records flipped, cut off, doubled, zeroed`,
    rows: [
      ['damages tried', String(tried), '> 1000', tried > 1000],
      ['did not open, lacked a whole record, invented one or took no fresh one', failed === '' ? '0' : failed, '0', failed === ''],
    ],
  };
}
