import path from 'node:path';
import { inProcess } from './benchProcess.ts';
import type { ChainResult, ChainSettings } from './chainProcess.ts';
import { verdictOf } from './verdictOf.ts';

const defaults: ChainSettings = {
  cases: [
    { signals: 1, rows: 1 },
    { signals: 20, rows: 1 },
    { signals: 200, rows: 1 },
    { signals: 1, rows: 1_000 },
    { signals: 8, rows: 1_000 },
  ],
  warmUpRows: 6_000,
  signalsPerSlice: 20_000,
  slices: 25,
};

/** Aims for the whole chain over a pass-through chain: µs per message of one signal, µs per signal at 200. */
const aims: readonly { signals: number; rows: number; perMessage?: number; perSignal?: number }[] = [
  { signals: 1, rows: 1, perMessage: 10 },
  { signals: 200, rows: 1, perSignal: 1 },
];

/** Prints the CPU of asset → baseline → anomaly beside that of three nodes that only send what they get, in turns in one run. */
export async function chainSpeed(print: (line: string) => void, given: Partial<ChainSettings> = {}): Promise<ChainResult[]> {
  const settings = { ...defaults, ...given };
  const results = await inProcess<ChainResult[]>(path.join(import.meta.dirname, 'chainProcess.ts'), settings);
  print('CPU of the chain twin-asset → twin-baseline → twin-anomaly in Node-RED, real store, armed baseline, every value new and normal; beside it');
  print('three nodes that only send what they get, in turns in the same run. µs of the thread of Node-RED; medians of');
  print(`${settings.slices} slices. "process": with garbage collection and compiler threads.`);
  print('');
  print('| message | chain, µs per message | pass-through | difference | ratio | difference per signal | (process) | aim | |');
  print('|---|---|---|---|---|---|---|---|---|');
  for (const result of results) {
    const { signals, rows, chain, passThrough } = result;
    const values = signals * rows;
    const difference = chain - passThrough;
    const aim = aims.find((each) => each.signals === signals && each.rows === rows);
    const met = aim === undefined || (difference <= (aim.perMessage ?? Infinity) && difference / values <= (aim.perSignal ?? Infinity));
    const what = `${rows === 1 ? '' : `${rows} rows × `}${signals} signal${signals === 1 ? '' : 's'}`;
    const aimText = aim === undefined ? '' : aim.perMessage === undefined ? `≤ ${aim.perSignal} µs per signal` : `≤ ${aim.perMessage} µs per message`;
    print(`| ${what} | ${chain.toFixed(2)} | ${passThrough.toFixed(2)} | ${difference.toFixed(2)} | ${(chain / passThrough).toFixed(1)} × | ` +
      `${(difference / values).toFixed(3)} | ${((result.chainProcess - result.passThroughProcess) / values).toFixed(3)} | ${aimText} | ${aim === undefined ? '' : verdictOf(met)} |`);
  }
  print('');
  print('For comparison: published peers\' single detector nodes cost 4–9 µs per message of one signal (as published for them, not measured here).');
  print('');
  print('Writing the history of these messages to the store afterwards, not in the table above:');
  print('');
  print('| message | µs per signal, thread of Node-RED | µs per signal, thread of the store |');
  print('|---|---|---|');
  for (const { signals, rows, historyNear, historyStore } of results) {
    print(`| ${rows === 1 ? '' : `${rows} rows × `}${signals} | ${(historyNear / signals / rows).toFixed(3)} | ${(historyStore / signals / rows).toFixed(3)} |`);
  }
  const unarmed = results.filter(({ phase }) => phase !== 'armed');
  const dropped = Math.max(...results.map(({ historyDropped }) => historyDropped));
  if (unarmed.length > 0) print(`Not armed, so not comparable: ${unarmed.map(({ signals, rows }) => `${rows} × ${signals}`).join(', ')}.`);
  if (dropped > 0) print(`${dropped} points of history did not fit and were left out, so this run is not comparable.`);
  return results;
}

if (import.meta.main) await chainSpeed((line) => console.log(line));
