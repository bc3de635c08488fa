import type { AnomalyKind } from '../engine/detectors/index.ts';
import type { Verdict } from '../engine/detectors/judge.ts';
import { RecordedChain } from '../scripts/recordedChain.ts';
import { recordingPeers } from './recordingPeers.ts';
import { recordingSets } from './recordings.ts';
import type { Recording, RecordingSet } from './recordings.ts';
import { eventScores, median, nabScores, skabScores, tepScores } from './recordingScores.ts';
import type { EventScores, Told } from './recordingScores.ts';

const weekMs = 604_800_000;
const hourMs = 3_600_000;
/** With fewer expected, the ratio of seen to asked false alarms says nothing. */
const enoughExpected = 10;

/**
 * Runs the default configuration over a recording, after what it was commissioned with.
 * @param each is handed every verdict after the commissioning. @param off kinds of findings that are not told
 */
export function tell(
  recording: Recording, commissioned: Recording | undefined, falseAlarmsPerWeek: number, each: (row: number, verdict: Verdict) => void = () => {}, off: readonly AnomalyKind[] = [],
): Told {
  const chain = new RecordedChain(recording.columns, { falseAlarmsPerWeek, off });
  const width = recording.columns.length;
  let beginMs = 0;
  const feed = ({ values, times }: Recording, row: number, commissioning: boolean): ReturnType<RecordedChain['next']> => {
    for (let column = 0; column < width; column += 1) chain.values[column] = values[row * width + column]!;
    return chain.next(beginMs + times[row]!, commissioning);
  };
  if (commissioned !== undefined) {
    const { times } = commissioned;
    for (let row = 0; row < times.length; row += 1) feed(commissioned, row, true);
    beginMs = (times.at(-1) ?? 0) + (times.at(-1) ?? 0) - (times.at(-2) ?? 0) - recording.times[0]!;
  }
  const rows = recording.times.length;
  const alarms = new Uint8Array(rows);
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const commissioning = row < recording.commissioningRows;
    const verdict = feed(recording, row, commissioning);
    scores[row] = verdict.score;
    if (!commissioning && verdict.verdict === 'anomaly') alarms[row] = 1;
    if (!commissioning) each(row, verdict);
  }
  return { recording, alarms, scores };
}

const percent = (share: number): string => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(2)} %`);

/** Of the episodes that were told, those that belong to an event. */
function precision({ trueEpisodes, falseEpisodes, events }: EventScores): string {
  return events === 0 || trueEpisodes + falseEpisodes === 0 ? '–' : percent(trueEpisodes / (trueEpisodes + falseEpisodes));
}

function warned({ leadsMs }: EventScores): string {
  const early = leadsMs.filter((ms) => ms >= 24 * hourMs).length;
  return leadsMs.length === 0 ? '–' : `${early} of ${leadsMs.length}, median ${duration(median(leadsMs))}`;
}

function duration(ms: number): string {
  if (Number.isNaN(ms)) return '–';
  return ms < 120_000 ? `${(ms / 1000).toFixed(0)} s` : ms < 7_200_000 ? `${(ms / 60_000).toFixed(0)} min` : `${(ms / hourMs).toFixed(1)} h`;
}

function ownMetric(set: RecordingSet, told: readonly Told[]): string {
  if (set.metric === 'skab') {
    const { f1, falseAlarmRate, missedAlarmRate, oracleF1 } = skabScores(told);
    return `F1 ${f1.toFixed(3)} at FAR ${percent(falseAlarmRate)}, MAR ${percent(missedAlarmRate)} (best line, by oracle: F1 ${oracleF1.toFixed(3)})`;
  }
  if (set.metric === 'tep') {
    const { detected, withoutHard, falseAlarmRate, falseBefore, perFault } = tepScores(told);
    return `rows found ${percent(detected)} (without 3, 9, 15: ${percent(withoutHard)}) at FAR ${percent(falseAlarmRate)}, before the faults ` +
      `${percent(falseBefore)}; ${perFault.map(([name, found]) => `${name.slice(6)}: ${(100 * found).toFixed(0)}`).join(', ')}`;
  }
  if (set.metric === 'nab') {
    const { own, begins, oracle } = nabScores(told);
    return `standard ${own.toFixed(1)} by its own alarms, all their rows; ${begins.toFixed(1)} where each alarm counts once, as it begins; ` +
      `${oracle.toFixed(1)} with the best line (NAB's protocol, an oracle)`;
  }
  return [...eventScores(told).byKind].map(([kind, [found, all]]) => `${kind} ${found}/${all}`).join(', ');
}

export interface DetectionRow {
  set: string;
  told: number;
  recall: number;
  falsePerWeek: number;
  calibration: number;
}

/**
 * Prints for each set of recordings what the default configuration, the same for all and without labels, makes of it.
 * @param folder where further sets are, in the layout of ../shared/data. @param only names of sets begin with it.
 */
export async function detectionTable(
  print: (line: string) => void, { folder, only = '', falseAlarmsPerWeek = 1 }: { folder?: string; only?: string; falseAlarmsPerWeek?: number } = {},
): Promise<DetectionRow[]> {
  print(`Default configuration, at most ${falseAlarmsPerWeek} false alarm(s) a week asked for, no labels. Events and episodes as in bench/recordingScores.ts;`);
  print('calibration = false episodes seen ÷ asked for, in brackets where fewer than 10 were asked for, which says nothing.');
  print('');
  print('| set | events found | precision | false episodes a week (an hour) | delay, median | alarm load | failures warned ≥ 24 h ahead | calibration | rows/s |');
  print('|---|---|---|---|---|---|---|---|---|');
  const notes: string[] = [];
  const rows: DetectionRow[] = [];
  for (const set of recordingSets(folder)) {
    if (!set.name.startsWith(only)) continue;
    const told: Told[] = [];
    const besides = recordingPeers.map((): Told[] => []);
    let count = 0;
    let cpuMs = 0;
    for (const recording of set.recordings()) {
      const before = process.cpuUsage();
      const { alarms, scores } = tell(recording, set.commissioned, falseAlarmsPerWeek);
      const { user, system } = process.cpuUsage(before);
      cpuMs += (user + system) / 1000;
      count += alarms.length + (set.commissioned?.times.length ?? 0);
      // The values themselves are not needed for scoring, and a plant's would fill the memory.
      const light = { ...recording, values: new Float64Array(0) };
      told.push({ recording: light, alarms, scores });
      recordingPeers.forEach((peer, index) => besides[index]!.push({ ...peer.tell(recording, set.commissioned), recording: light }));
    }
    const scored = eventScores(told);
    const { events, found, falseEpisodes, faultFreeMs, alarmLoad, delaysMs } = scored;
    const asked = (falseAlarmsPerWeek * faultFreeMs) / weekMs;
    const ratio = falseEpisodes / asked;
    const falsePerWeek = falseEpisodes / (faultFreeMs / weekMs);
    rows.push({ set: set.name, told: told.length, recall: found / events, falsePerWeek, calibration: ratio });
    const calibration = !Number.isFinite(ratio) ? '–' : asked < enoughExpected ? `(${falseEpisodes} ÷ ${asked.toFixed(2)})` : ratio.toFixed(2);
    print(
      `| ${set.name} | ${events === 0 ? '–' : `${found} of ${events} (${percent(found / events)})`} | ${precision(scored)} | ` +
        `${faultFreeMs === 0 ? '–' : `${falsePerWeek.toFixed(2)} (${((falsePerWeek * hourMs) / weekMs).toFixed(3)})`} | ${duration(median(delaysMs))} | ` +
        `${percent(alarmLoad)} | ${warned(scored)} | ${calibration} | ${Math.round((1000 * count) / cpuMs).toLocaleString('en')} |`,
    );
    recordingPeers.forEach(({ name }, index) => {
      const peer = eventScores(besides[index]!);
      const perWeek = peer.falseEpisodes / (peer.faultFreeMs / weekMs);
      print(
        `| beside: ${name} | ${peer.events === 0 ? '–' : `${peer.found} of ${peer.events} (${percent(peer.found / peer.events)})`} | ${precision(peer)} | ` +
          `${peer.faultFreeMs === 0 ? '–' : `${perWeek.toFixed(2)} (${((perWeek * hourMs) / weekMs).toFixed(3)})`} | ${duration(median(peer.delaysMs))} | ` +
          `${percent(peer.alarmLoad)} | ${warned(peer)} | – | – |`,
      );
    });
    notes.push(`${set.name}: ${ownMetric(set, told) || 'no events'}.`, ...set.published.map((line) => `  published: ${line}.`));
    if (set.metric !== 'events') recordingPeers.forEach(({ name }, index) => notes.push(`  beside, ${name}: ${ownMetric(set, besides[index]!)}.`));
  }
  print('');
  for (const note of notes) print(note);
  return rows;
}

if (import.meta.main) {
  const [folder, only, perWeek] = process.argv.slice(2);
  await detectionTable((line) => console.log(line), {
    ...(folder === undefined ? {} : { folder }), ...(only === undefined ? {} : { only }), ...(perWeek === undefined ? {} : { falseAlarmsPerWeek: Number(perWeek) }),
  });
}
