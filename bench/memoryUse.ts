import path from 'node:path';
import { inProcess } from './benchProcess.ts';
import { verdictOf } from './verdictOf.ts';
import type { MemoryResult, MemorySettings } from './memoryProcess.ts';

const defaults: MemorySettings = { twins: 200, signals: 20, rowsPerTwin: 2_000, longRunMessages: 1_000_000, looks: 10 };
const mostBytesPerTwin = 100 * 1024;

/** Growth over the second half of the looks, in bytes per message (least squares), and the scatter around that line in bytes. */
export function growthOf(looks: MemoryResult['looks']): { bytesPerMessage: number; standardError: number } {
  const used = looks.slice(Math.floor(looks.length / 5));
  const count = used.length;
  const meanX = used.reduce((sum, { messages }) => sum + messages, 0) / count;
  const meanY = used.reduce((sum, { bytes }) => sum + bytes, 0) / count;
  let squares = 0;
  let products = 0;
  for (const { messages, bytes } of used) {
    squares += (messages - meanX) ** 2;
    products += (messages - meanX) * (bytes - meanY);
  }
  const slope = products / squares;
  const rest = used.reduce((sum, { messages, bytes }) => sum + (bytes - meanY - slope * (messages - meanX)) ** 2, 0);
  return { bytesPerMessage: slope, standardError: Math.sqrt(rest / Math.max(1, count - 2) / squares) };
}

/** Prints what a twin takes and whether that grows with the messages. */
export async function memoryUse(print: (line: string) => void, given: Partial<MemorySettings> = {}): Promise<MemoryResult> {
  const settings = { ...defaults, ...given };
  const result = await inProcess<MemoryResult>(path.join(import.meta.dirname, 'memoryProcess.ts'), settings);
  const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
  const { twins, signals, rowsPerTwin } = settings;
  const growth = growthOf(result.looks);
  // Less than a kilobyte in 100,000 messages, or not to be told from the scatter of the measurement.
  const flat = growth.bytesPerMessage < Math.max(0.01, 3 * growth.standardError);
  print(`Memory of ${twins} twins with ${signals} signals after ${rowsPerTwin} rows each, in Node-RED, heap and outside, after garbage collection`);
  print(`(learning: ${Object.entries(result.phases).map(([phase, count]) => `${count} ${phase}`).join(', ')}):`);
  print('');
  print('| what | measured | aim | |');
  print('|---|---|---|---|');
  const whole = result.bytesPerTwin + result.emptyBytesPerTwin;
  print(`| a twin with all it learned (twin, baseline, judge, bands) | ${kilobytes(whole)} | ≤ ${kilobytes(mostBytesPerTwin)} | ${verdictOf(whole <= mostBytesPerTwin)} |`);
  print(`| of that: the deployed node before its first row | ${kilobytes(result.emptyBytesPerTwin)} | | |`);
  print(`| of that: grown with ${rowsPerTwin} rows | ${kilobytes(result.bytesPerTwin)} (arrays outside of the heap ${kilobytes(result.externalBytesPerTwin)}) | | |`);
  print(`| growth over ${settings.longRunMessages} messages | ${(growth.bytesPerMessage * 1e6 / 1024).toFixed(1)} ± ${(growth.standardError * 1e6 / 1024).toFixed(1)} KB per million | none beyond noise | ${verdictOf(flat)} |`);
  print(`| checkpoint of a twin (its state as text) | ${result.checkpointMicroseconds.toFixed(0)} µs, ${kilobytes(result.checkpointBytes)} | | |`);
  print('');
  print(`Bytes in use after ${result.looks.map(({ messages }) => `${messages / 1000}k`).join(', ')} messages: ${result.looks.map(({ bytes }) => `${(bytes / 1e6).toFixed(2)}`).join(', ')} MB`);
  return result;
}
