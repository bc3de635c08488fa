/**
 * `npm run bench` measures everything, `npm run bench -- chain memory` what is named; `npm run bench -- detection ../shared/data` the detection on
 * the sets in that folder besides the project's own. Absolute figures depend on the machine and on what else
 * it does; ratios are taken within one run.
 */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from '../scripts/build.ts';
import { packageRoot } from '../scripts/packageRoot.ts';
import { alarmSpeed } from './alarmSpeed.ts';
import { backTestSpeed } from './backTestSpeed.ts';
import { calibrationTable } from './calibrationTable.ts';
import { causeWatch } from './causeWatch.ts';
import { chainSpeed } from './chainSpeed.ts';
import { detectionSpeed } from './detectionSpeed.ts';
import { detectionStream } from './detectionStream.ts';
import { detectionTable } from './detectionTable.ts';
import { graphSpeed } from './graphSpeed.ts';
import { historianSpeed } from './historianSpeed.ts';
import { lineFits } from './lineFits.ts';
import { memoryUse } from './memoryUse.ts';
import { opcuaSpeed } from './opcuaSpeed.ts';
import { prognosisTable } from './prognosisTable.ts';
import { rootCauseTable } from './rootCauseTable.ts';
import { simulationSpeed } from './simulationSpeed.ts';
import { storeSpeed } from './storeSpeed.ts';
import { studyHold } from './studyHold.ts';
import { verdictOf } from './verdictOf.ts';
import { writePath } from './writePath.ts';
import { zooStrangers } from './zooStrangers.ts';
import { zooTable } from './zooTable.ts';

/** The table of detection quality, and the aims for the default chain beside what it reached (means over the seeds). */
async function streamWithAims(print: (line: string) => void): Promise<void> {
  const summaries = await detectionStream(print);
  print('');
  print('| twinwire, defaults | measured | aim | |');
  print('|---|---|---|---|');
  for (const { name, shape, meanFound, perKind, meanFalseShare } of summaries) {
    if (!name.startsWith('twinwire')) continue;
    const stuck = perKind['stuck'] ?? 0;
    print(`| ${shape}: events found | ${meanFound.toFixed(2)} of 27 | ≥ 25 | ${verdictOf(meanFound >= 25)} |`);
    print(`| ${shape}: stuck found | ${stuck.toFixed(2)} of 5 | all | ${verdictOf(stuck >= 5)} |`);
    print(`| ${shape}: false alarms | ${(100 * meanFalseShare).toFixed(3)} % | ≤ 0.1 % | ${verdictOf(meanFalseShare <= 0.001)} |`);
  }
}

// npm runs scripts in the package's folder; a path is meant from where the person is.
const isPath = (argument: string): boolean => /[/\\]/.test(argument);
const folders = process.argv.slice(2).filter(isPath).map((argument) => path.resolve(process.env['INIT_CWD'] ?? process.cwd(), argument));
const [folder] = folders;
const benches: Record<string, (print: (line: string) => void) => Promise<unknown>> = {
  chain: chainSpeed,
  memory: memoryUse,
  stream: streamWithAims,
  detection: (print) => detectionTable(print, folder === undefined ? {} : { folder }),
  prognosis: (print) => prognosisTable(print, folder === undefined ? {} : { folder }),
  calibration: (print) => calibrationTable(print, folder === undefined ? {} : { folder }),
  zoo: (print) => zooTable(print),
  strangers: (print) => zooTable(print, { machines: zooStrangers }),
  detectionSpeed,
  store: storeSpeed,
  historian: historianSpeed,
  writePath: (print) => writePath(print),
  graph: graphSpeed,
  backtest: backTestSpeed,
  alarms: alarmSpeed,
  opcua: opcuaSpeed,
  simulation: simulationSpeed,
  rootCause: (print) => rootCauseTable(print, undefined, folder),
  lineFits: (print) => lineFits(print),
  causeWatch: (print) => causeWatch(print),
  studyHold: (print) => studyHold(print),
};

const named = process.argv.slice(2).filter((argument) => !isPath(argument));
const unknown = named.filter((name) => !Object.hasOwn(benches, name));
if (folder !== undefined && !existsSync(folder)) {
  console.error(`There is no folder ${folder}.`);
  process.exit(1);
}
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
  process.exit(1);
}
process.chdir(packageRoot);
const built = await build({ despiteProblems: true });
for (const problem of built.problems) console.error(problem);
const cpus = os.cpus();
const [load = 0] = os.loadavg();
console.log(`${cpus.length} cores (${cpus[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, ${os.platform()} ${os.arch()}, load before ${load.toFixed(1)}`);
for (const [name, bench] of Object.entries(benches)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n## ${name}\n`);
  await bench((line) => console.log(line));
}
