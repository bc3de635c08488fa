/**
 * `npm run torture` runs all of it, `npm run torture -- kills blocked` what is named. Counts: `--kills 1000 --cuts 200 --values 7200000 --seconds 300
 * --batches 100`; the seed is printed, `--seed 7` repeats it. Ends with 1 when an aim is not met. Hours of it are of no use; the whole takes about an hour.
 */
import { badLineTorture } from './torture/badLineTorture.ts';
import { damageTorture } from './torture/damageTorture.ts';
import { killTorture } from './torture/killTorture.ts';
import { blockedTorture, outageTorture } from './torture/outageTorture.ts';
import { powerCutTorture } from './torture/powerCutTorture.ts';
import { failuresOf } from './torture/tortureResult.ts';
import type { TortureResult } from './torture/tortureResult.ts';
import { verdictOf } from './verdictOf.ts';

const counts = { kills: 1000, cuts: 200, values: 7_200_000, seconds: 300, batches: 100, records: 5, seed: Date.now() & 0x7fffffff };
const progress = (line: string): void => console.log(`  ${new Date().toISOString().slice(11, 19)} ${line}`);
const parts: Record<string, () => Promise<TortureResult>> = {
  damage: () => damageTorture(counts),
  badLines: () => badLineTorture(counts),
  kills: () => killTorture({ ...counts, progress }),
  cutsAlways: () => powerCutTorture({ ...counts, sync: 'always', progress }),
  cutsGroup: () => powerCutTorture({ ...counts, sync: 'group', progress }),
  outage: () => outageTorture({ ...counts, progress }),
  blocked: () => blockedTorture({ ...counts, progress }),
};

const named: string[] = [];
const given = process.argv.slice(2);
for (let at = 0; at < given.length; at += 1) {
  const word = given[at] as string;
  const name = word.replace(/^--/, '');
  if (word.startsWith('--') && Object.hasOwn(counts, name) && Number.isInteger(Number(given[at + 1]))) {
    counts[name as keyof typeof counts] = Number(given[at + 1]);
    at += 1;
  } else if (Object.hasOwn(parts, word)) named.push(word);
  else {
    console.error(`"${word}" is none of the parts ${Object.keys(parts).join(', ')}, nor one of --${Object.keys(counts).join(', --')} with a number.`);
    process.exit(1);
  }
}

let failures = 0;
console.log(`seed ${counts.seed}, Node ${process.versions.node}`);
for (const [name, run] of Object.entries(parts)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`\n## ${name}\n`);
  const result = await run();
  console.log(`${result.title}\n`);
  if (result.skipped !== undefined) {
    console.log(`SKIPPED: ${result.skipped}.`);
    continue;
  }
  console.log('| what | measured | aim | |\n|---|---|---|---|');
  for (const [what, measured, aim, met] of result.rows) console.log(`| ${what} | ${measured} | ${aim} | ${aim === '' ? '' : verdictOf(met)} |`);
  for (const note of result.notes ?? []) console.log(`  ${note}`);
  failures += failuresOf(result).length;
}
console.log(failures === 0 ? '\nEvery aim is met.' : `\n${failures} aims are not met.`);
process.exitCode = failures === 0 ? 0 : 1;
