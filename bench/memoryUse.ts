import path from 'node:path';
import { inProcess } from './benchProcess.ts';
import { verdictOf } from './verdictOf.ts';
import type { Look, MemorySettings, MemoryTask, TwinsInUse } from './memoryProcess.ts';

const defaults: MemorySettings = { twins: 200, signals: 20, rowsPerTwin: 2_000, longRunMessages: 1_000_000, looks: 10 };
const mostBytesPerTwin = 100 * 1024;

export interface MemoryResult {
  bytesPerTwin: number;
  outsideBytesPerTwin: number;
  /** Growth of the heap in the long run. */
  bytesPerMessage: number;
  looks: Look[];
}

/** Growth after the first fifth of the looks, in bytes per message (least squares), and the scatter around that line in bytes. */
export function growthOf(looks: readonly Look[]): { bytesPerMessage: number; standardError: number } {
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
  const { twins, signals, rowsPerTwin } = settings;
  const script = path.join(import.meta.dirname, 'memoryProcess.ts');
  const run = <Result>(task: Partial<MemoryTask>): Promise<Result> => inProcess<Result>(script, { ...settings, task: 'twins', ...task });
  // What a Node-RED takes with some twins less than with many: what is there once for all is not counted.
  const some = Math.max(1, Math.round(twins / 10));
  const fewTaught = await run<TwinsInUse>({ twins: some });
  const manyTaught = await run<TwinsInUse>({ twins: some + twins });
  const looks = await run<Look[]>({ task: 'longRun' });

  const bytesPerTwin = (manyTaught.bytes - fewTaught.bytes) / twins;
  const outsideBytesPerTwin = (manyTaught.outsideBytes - fewTaught.outsideBytes) / twins;
  const growth = growthOf(looks);
  // A message that left a single number behind would cost 8 bytes; compiled code and its statistics come and go by some 100 KB.
  const flat = growth.bytesPerMessage < 1;
  const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
  print(`Memory per twin with ${signals} signals, in Node-RED, heap and outside of it, after garbage collection: (${some + twins} twins − ${some} twins) ÷ ${twins},`);
  print(`after ${rowsPerTwin} rows each (learning: ${Object.entries(manyTaught.phases).map(([phase, count]) => `${count} ${phase}`).join(', ')}):`);
  print('');
  print('| what | measured | aim | |');
  print('|---|---|---|---|');
  print(`| a twin with all it learned (node, twin, baseline, judge, bands) | ${kilobytes(bytesPerTwin)} | ≤ ${kilobytes(mostBytesPerTwin)} | ${verdictOf(bytesPerTwin <= mostBytesPerTwin)} |`);
  print(`| of that: numbers in arrays outside of the heap | ${kilobytes(outsideBytesPerTwin)} | | |`);
  const perMillion = [growth.bytesPerMessage, growth.standardError].map((bytes) => ((bytes * 1e6) / 1024).toFixed(1)).join(' ± ');
  print(`| growth over ${settings.longRunMessages} messages | ${perMillion} KB per million | flat: < 1 byte per message | ${verdictOf(flat)} |`);
  print(`| checkpoint of a twin (its state as text) | ${manyTaught.checkpointMicroseconds.toFixed(0)} µs, ${kilobytes(manyTaught.checkpointBytes)} | | |`);
  print('');
  print(`MB in use after ${looks.map(({ messages }) => `${messages / 1000}k`).join(', ')} messages: ${looks.map(({ bytes }) => (bytes / 1e6).toFixed(2)).join(', ')}`);
  return { bytesPerTwin, outsideBytesPerTwin, bytesPerMessage: growth.bytesPerMessage, looks };
}

if (import.meta.main) await memoryUse((line) => console.log(line));
