import { tell } from './detectionTable.ts';
import { healthyMachines } from './healthyMachines.ts';
import { eventScores } from './recordingScores.ts';
import { recordingSets } from './recordings.ts';
import type { Recording } from './recordings.ts';
import { verdictOf } from './verdictOf.ts';

const weekMs = 604_800_000;
/** With fewer asked for, the ratio says nothing. */
const enough = 10;

export interface CalibrationRow {
  set: string;
  perWeek: number;
  asked: number;
  seen: number;
  ratio: number;
}

/**
 * Prints false episodes seen ÷ asked for, at several budgets, on generated machines without a fault and on the sets in a folder that have sound time enough.
 * The first week of each machine is its commissioning; what is counted are episodes outside events, as in bench/recordingScores.ts.
 */
export async function calibrationTable(
  print: (line: string) => void, { folder, weeks = 6, budgets = [1, 7, 10] }: { folder?: string; weeks?: number; budgets?: readonly number[] } = {},
): Promise<CalibrationRow[]> {
  print(`False alarms seen ÷ asked for; ${weeks} weeks, of which the first is commissioning. In brackets where fewer than ${enough} were asked for, which says nothing.`);
  print('');
  print('| set | asked for a week | asked for in all | seen | ratio | aim 0.5–2 |');
  print('|---|---|---|---|---|---|');
  const sets: { name: string; recordings: () => Iterable<Recording> }[] = healthyMachines.map(({ name, recordings }) => ({ name: `${name} (generated)`, recordings: () => recordings(weeks) }));
  if (folder !== undefined) {
    for (const { name, metric, commissioned, recordings } of recordingSets(folder)) {
      if (metric === 'events' && commissioned === undefined && name.startsWith('plant')) sets.push({ name, recordings: () => recordings() });
    }
  }
  const rows: CalibrationRow[] = [];
  for (const { name, recordings } of sets) {
    for (const perWeek of budgets) {
      let seen = 0;
      let soundMs = 0;
      for (const recording of recordings()) {
        const { falseEpisodes, faultFreeMs } = eventScores([tell(recording, undefined, perWeek)]);
        seen += falseEpisodes;
        soundMs += faultFreeMs;
      }
      const asked = (perWeek * soundMs) / weekMs;
      const ratio = seen / asked;
      rows.push({ set: name, perWeek, asked, seen, ratio });
      const counts = asked >= enough;
      print(`| ${name} | ${perWeek} | ${asked.toFixed(1)} | ${seen} | ${counts ? ratio.toFixed(2) : `(${ratio.toFixed(2)})`} | ${counts ? verdictOf(ratio >= 0.5 && ratio <= 2) : ''} |`);
    }
  }
  return rows;
}

if (import.meta.main) await calibrationTable((line) => console.log(line), process.argv[2] === undefined ? {} : { folder: process.argv[2] });
