import { setTimeout as wait } from 'node:timers/promises';
import { sendResult, settingsOfProcess } from './benchProcess.ts';
import { preparedRows, taught } from './detectionSpeed.ts';

const collect = (globalThis as { gc?: () => void }).gc;
const { assets, columns, rows } = settingsOfProcess<{ assets: number; columns: number; rows: number }>();

async function bytesInUse(): Promise<number> {
  if (collect === undefined) throw new Error('Run this with --expose-gc.');
  for (let round = 0; round < 3; round += 1) {
    collect();
    await wait(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const prepared = preparedRows(columns, 4_096);
// What is there once for all, compiled code above all, is not an asset's own.
const first = taught(columns, prepared, rows);
const before = await bytesInUse();
const kept = Array.from({ length: assets }, () => taught(columns, prepared, rows));
const bytes = ((await bytesInUse()) - before) / assets;
sendResult({ bytes, kept: kept.length + (first === undefined ? 0 : 1) });
