import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import { SeededRandom } from '../demo/seededRandom.ts';
import type { TwinMessage } from '../contract/messages.ts';
import type { AssetTwin } from '../engine/site/assetTwin.ts';
import { takeVerdicts } from '../engine/site/alert.ts';
import { backTest } from '../engine/site/backTest.ts';
import type { TrialSetting } from '../engine/site/verdictCauses.ts';
import { Site } from '../engine/site/site.ts';
import { verdictSeries } from '../engine/site/verdictRecord.ts';
import { compileTwinType } from '../engine/twin/twinType.ts';
import { verdictOf } from './verdictOf.ts';

const startMs = 1_700_000_000_000;
const everyMs = 10_000;
const settings = [0.1, 0.25, 1, 3, 7, 20, 70];
/** Other settings of the dialog: each alone, and all together. */
const trials: readonly Partial<TrialSetting>[] = [
  { smallestPercent: 2 }, { smallestPercent: 10 }, { off: ['drift'] }, { off: ['step', 'spike', 'noise'] }, { together: true },
  { perWeek: 7, smallestPercent: 5, off: ['noise', 'deviation'], together: true },
];
const alert = { onAnomaly: true, onLimit: false, onStale: false, clearAfterMs: 60_000, repeatAfterMs: 0 };

/** One machine of 20 signals, a value each 10 s: a setpoint of four steps, the others noise around a level that follows it; now and then a fault. */
class Machine {
  readonly names: readonly string[];
  readonly #random: SeededRandom;
  #setpoint = 10;
  #fault = { rows: 0, signal: 1, size: 0, kind: 0 };

  constructor(signals: number, seed: number) {
    this.names = Array.from({ length: signals }, (_, index) => `signal${index}`);
    this.#random = new SeededRandom(seed);
  }

  row(index: number): Record<string, number> {
    const random = this.#random;
    if (index % 30 === 0) this.#setpoint = 10 + 10 * Math.floor(4 * random.uniform());
    const fault = this.#fault;
    if (fault.rows > 0) fault.rows -= 1;
    else if (index > 3_000 && random.uniform() < 0.0002) {
      const signal = 1 + Math.floor((this.names.length - 1) * random.uniform());
      this.#fault = { rows: 3 + Math.floor(60 * random.uniform()), signal, size: 0.4 + 2 * random.uniform(), kind: Math.floor(2 * random.uniform()) };
    }
    return Object.fromEntries(this.names.map((name, signal) => {
      const wrong = fault.rows > 0 && signal === fault.signal ? fault.size * (fault.kind === 0 ? 1 : random.normal()) : 0;
      return [name, signal === 0 ? this.#setpoint : 50 + signal + 0.2 * this.#setpoint + 0.3 * random.normal() + wrong];
    }));
  }
}

interface Run {
  site: Site;
  asset: AssetTwin;
  /** Cases that were opened. */
  raised: number;
  seconds: number;
}

async function run(site: Site, clock: { wallMs: number }, signals: number, rows: number, perWeek: number, keepsValues: boolean): Promise<Run> {
  const { type } = compileTwinType({
    name: 'machine', version: 1,
    properties: Array.from({ length: signals }, (_, index) => ({ name: `signal${index}`, valueKind: index === 0 ? 'setpoint' : 'measured' })),
  });
  site.addJudge('judge');
  const asset = site.register({
    nodeId: 'node', nodeName: 'machine', key: 'machine', name: 'machine', type, path: [], placeholders: new Map(), mapping: [], staleAfter: 5, onEvents: () => undefined,
  });
  asset.configureJudge({ falseAlarmsPerWeek: perWeek });
  const machine = new Machine(signals, 7);
  const twin = asset.twin.header();
  let raised = 0;
  const begin = performance.now();
  for (let index = 0; index < rows; index += 1) {
    clock.wallMs = startMs + index * everyMs;
    const message: TwinMessage = {
      topic: '', payload: machine.row(index), changed: [], updated: [...machine.names], timestamp: clock.wallMs, quality: {}, twin: { ...twin, row: asset.takeRows(1) },
    };
    if (keepsValues) {
      const { payload, timestamp: timeMs } = message;
      site.keep(machine.names.map((property) => ({ twin: asset.key, property, timeMs, value: payload[property] as number, quality: 'good' as const })));
    }
    const evaluation = asset.evaluate(message);
    if (evaluation === undefined) throw new Error('a row was met twice');
    for (const { case: told } of takeVerdicts(site, asset, { ...message, anomaly: evaluation.anomaly }, alert)) if (told.change === 'opened') raised += 1;
    if (index % 360 === 0) {
      site.keep(asset.takeRecords());
      site.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const seconds = (performance.now() - begin) / 1000;
  site.keep(asset.takeRecords());
  return { site, asset, raised, seconds };
}

/** How long it takes to say what another setting would have raised in 14 days, and whether judging all of it again says the same. */
export async function backTestSpeed(print: (line: string) => void, { days = 14, signals = 20 } = {}): Promise<void> {
  const rows = Math.round((days * 86_400_000) / everyMs);
  const results: { perWeek: number; would: number; raised: number }[] = [];
  const runs: { perWeek: number; raised: number; seconds: number }[] = [];
  let asked = NaN;
  let points = 0;
  const took: number[] = [];
  const tried: { trial: Partial<TrialSetting>; count: number; ms: number }[] = [];
  let imported = { seconds: NaN, rows: 0, phase: '', longestMs: NaN };
  // The setting in force first: the others are answered from what it left on record.
  for (const perWeek of [1, ...settings.filter((setting) => setting !== 1)]) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'twinwire-bench-backtest-'));
    const store = openSiteStore(folder);
    const clock = { wallMs: startMs, nowMs: () => clock.wallMs, monotonicMs: () => clock.wallMs };
    const site = new Site(
      { id: 'site', name: 'site', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 },
      { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox },
    );
    await site.start();
    try {
      const { asset, raised, seconds } = await run(site, clock, signals, rows, perWeek, perWeek === 1);
      runs.push({ perWeek, raised, seconds });
      await site.checkpoint();
      if (perWeek !== 1) continue;
      await site.stop();
      const series = verdictSeries(asset.key);
      points = (await store.historian.columns(series.twin, series.property, 0, clock.wallMs + 1, 1e6)).times.length;
      for (let turn = 0; turn < 20; turn += 1) {
        for (const setting of settings) {
          const at = performance.now();
          const { count } = await backTest(site, asset, { perWeek: setting });
          took.push(performance.now() - at);
          if (turn === 0) results.push({ perWeek: setting, would: count, raised: 0 });
        }
      }
      asked = took[0] ?? NaN;
      for (const trial of trials) {
        const at = performance.now();
        const { count } = await backTest(site, asset, trial);
        tried.push({ trial, count, ms: performance.now() - at });
      }
      asset.learnAgain();
      const at = performance.now();
      let longestMs = 0;
      let turnMs = at;
      const learned = await site.baselines.learnFromHistory(asset.key, startMs, clock.wallMs + 1, async () => {
        longestMs = Math.max(longestMs, performance.now() - turnMs);
        await new Promise((resolve) => setImmediate(resolve));
        turnMs = performance.now();
      });
      imported = { seconds: (performance.now() - at) / 1000, rows: learned.rows, phase: asset.progress().watch ?? '', longestMs };
    } finally {
      await site.stop();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  }
  took.sort((one, other) => one - other);
  const median = took[Math.floor(took.length / 2)] ?? NaN;
  const slowest = took.at(-1) ?? NaN;
  print(`${signals} signals at ${everyMs / 1000} s over ${days} days: ${(rows * signals / 1e6).toFixed(1)} M values, ${points} points of verdicts on record.`);
  print('');
  print('| | measured | aim | |');
  print('|---|---|---|---|');
  print(`| another setting, first answer | ${asked.toFixed(1)} ms | ≤ 1 s | ${verdictOf(asked <= 1000)} |`);
  print(`| … median and slowest of ${took.length} | ${median.toFixed(1)} / ${slowest.toFixed(1)} ms | | |`);
  const again = runs.map(({ seconds }) => seconds).sort((one, other) => one - other)[Math.floor(runs.length / 2)] ?? NaN;
  const slowestTrial = Math.max(...tried.map(({ ms }) => ms));
  print(`| any other setting of the dialog, slowest of ${tried.length} | ${slowestTrial.toFixed(1)} ms | ≤ 1 s | ${verdictOf(slowestTrial <= 1000)} |`);
  print(`| learning these ${imported.rows} rows from history (then ${imported.phase}) | ${imported.seconds.toFixed(1)} s | seconds | ${verdictOf(imported.seconds < 60)} |`);
  print(`| … longest the event loop was held between two turns | ${imported.longestMs.toFixed(0)} ms | | |`);
  print(`| judging every row again instead (chain alone, median) | ${again.toFixed(1)} s | | |`);
  print('');
  print('At most so many false alarms a week, cases from the record of a run at 1 beside a run of its own from the first row on, which also learns at that setting:');
  print('');
  print('| setting | from the record | run of its own |');
  print('|---|---|---|');
  for (const { perWeek, would } of results) print(`| ${perWeek} | ${would} | ${runs.find((one) => one.perWeek === perWeek)?.raised ?? ''} |`);
  print('');
  print('Other settings of the dialog, from the same record:');
  print('');
  print('| setting | cases | took |');
  print('|---|---|---|');
  for (const { trial, count, ms } of tried) print(`| ${settingText(trial)} | ${count} | ${ms.toFixed(1)} ms |`);
}

function settingText({ perWeek, smallestPercent, off = [], together }: Partial<TrialSetting>): string {
  const parts = [
    perWeek === undefined ? '' : `${perWeek} a week`, smallestPercent === undefined ? '' : `from ${smallestPercent} %`, ...off.map((kind) => `no ${kind}`), together === true ? 'together' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

if (import.meta.main) await backTestSpeed((line) => console.log(line));
