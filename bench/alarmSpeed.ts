import { openMemoryStore } from '../adapters/memory/memoryStore.ts';
import { AlarmCourse } from '../engine/alarms/alarmCourse.ts';
import { LimitWatch } from '../engine/alarms/limitWatch.ts';
import { AlarmRules } from '../engine/site/alarmRules.ts';
import { takeConditions } from '../engine/site/alert.ts';
import { Site } from '../engine/site/site.ts';
import { compileTwinType } from '../engine/twin/twinType.ts';
import { brokenRule, randomFrom } from '../test/checks/alarms/courseRules.ts';
import { alertSettings, ruleOf } from '../test/engine/site/alarmPlant.ts';
import { registration } from '../test/engine/site/siteFixture.ts';
import { verdictOf } from './verdictOf.ts';

const aimMicroseconds = 2;
const lives = 1_000_000;
const propertyCount = 20;
/** Source time, which only goes on. */
let base = 1_767_225_600_000;

/** Time per value and alarm: a limit with deadband and delays alone, and twenty of them as twin-alert runs them; then a million random lives. */
export async function alarmSpeed(print: (line: string) => void): Promise<void> {
  print('| per value and alarm | µs | aim | |');
  print('|---|---|---|---|');
  const row = (name: string, microseconds: number): void =>
    print(`| ${name} | ${microseconds.toFixed(3)} | ≤ ${aimMicroseconds} | ${verdictOf(microseconds <= aimMicroseconds)} |`);
  for (const [name, mostly] of [['a limit, normal values', 70], ['a limit, crossing it again and again', 80]] as const) {
    const watch = new LimitWatch({ kind: 'high', limit: 80, deadband: 1, onDelayMs: 2000, offDelayMs: 2000 });
    const random = randomFrom(7);
    const values = Float64Array.from({ length: 4096 }, () => mostly + 8 * (random() - 0.5));
    row(name, await best(() => {
      const start = performance.now();
      for (let index = 0; index < 1_000_000; index++) watch.take(base += 100, values[index & 4095] as number, 'good');
      return ((performance.now() - start) * 1000) / 1_000_000;
    }));
  }
  row('twenty rules of a machine, in messages', await rulesInMessages());
  print('');
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  let broken: string | undefined;
  const start = performance.now();
  for (let life = 0; life < lives && broken === undefined; life++) broken = brokenRule((nature, snapshot) => new AlarmCourse(nature, snapshot), random, 12);
  print(`${lives.toLocaleString('en-US')} random lives of 12 events (seed ${seed}) in ${((performance.now() - start) / 1000).toFixed(1)} s: ${broken ?? 'every rule held'}`);
  if (broken !== undefined) process.exitCode = 1;
}

async function rulesInMessages(): Promise<number> {
  const names = Array.from({ length: propertyCount }, (_, index) => `p${index}`);
  const type = compileTwinType({ name: 'machine', version: 1, properties: names.map((name) => ({ name })) }).type;
  const store = openMemoryStore();
  const clock = { nowMs: () => base, monotonicMs: () => base };
  const site = new Site(
    { id: 'site', name: 'Plant', language: 'en-US', clock: 'live', clockRate: 1, clockOriginMs: 0, keepHistoryDays: 30, keepCasesDays: 365 },
    { clock, state: store.state, historian: store.historian, graph: store.graph, outbox: store.outbox },
  );
  await site.start();
  const asset = site.register(registration('m', { type }));
  const rules = new AlarmRules({ rules: names.map((property) => ruleOf({ property, limit: 100, deadband: 1, onDelayMs: 2000, offDelayMs: 2000 })), badSignalAfterMs: 300_000 });
  const random = randomFrom(3);
  const header = asset.twin.header();
  const messages = Array.from({ length: 256 }, () => ({
    topic: 'm', payload: Object.fromEntries(names.map((name) => [name, 90 + 5 * random()])), changed: names, updated: names, timestamp: 0, quality: {}, twin: header,
  }));
  const rounds = 20_000;
  return best(() => {
    const start = performance.now();
    for (let index = 0; index < rounds; index++) {
      const message = messages[index & 255] as (typeof messages)[number];
      message.timestamp = base += 100;
      takeConditions(site, asset, rules.take(site, asset, message), alertSettings);
    }
    return ((performance.now() - start) * 1000) / (rounds * propertyCount);
  });
}

/** The fastest of five runs: what else the computer does only ever adds. */
async function best(run: () => number): Promise<number> {
  let fastest = Infinity;
  for (let round = 0; round < 5; round++) {
    fastest = Math.min(fastest, run());
    await new Promise((resolve) => setImmediate(resolve));
  }
  return fastest;
}
