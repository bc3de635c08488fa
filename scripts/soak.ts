import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AttributeIds, DataType, OPCUAClient } from 'node-opcua-client';
import { onPath } from '../test/services/requireService.ts';
import { influxd, type Influxd } from '../test/services/startInfluxd.ts';
import { build } from './build.ts';
import { PlainError, plainText } from './plainError.ts';
import { judgeSoak, soakLimits, soakTable, type SoakSample, type SoakVerdict } from './soak/judgeSoak.ts';
import { PageClient, SoakBroker, SoakPlc, SoakRed, soakFlow } from './soak/soakPlant.ts';

const usage = `npm run soak -- [options]: a real Node-RED with a plant of three machines under steady load, watched for growth
  --hours N     how long, on the clock on the wall; or --minutes N. Default 10 minutes
  --speed N     plant seconds in each second, 1 to 50; default 1. Ten minutes at 48 hold eight hours of messages
  --samples F   writes each sample as a line of JSON into this file
  --leak        with a planted leak, which must be found: the exit code says whether it was
  --background  beside other work: low priority, the event loop's delay is told but not judged, no build
From half an hour on, ten minutes with a planted leak come first: a soak that finds nothing must be one that would.`;

const sampleEveryMs = 10_000;
/** Before this much plant time nothing is learned well enough for a case. */
const learnedAfterHours = 1;
const leakMinutes = 10;
const leakSpeed = 48;

interface SoakSettings {
  minutes: number;
  speed: number;
  leak: boolean;
  background: boolean;
  samplesFile: string | undefined;
}

function readSettings(given: string[]): SoakSettings {
  let values;
  try {
    values = parseArgs({
      args: given,
      options: {
        hours: { type: 'string' }, minutes: { type: 'string' }, speed: { type: 'string' }, samples: { type: 'string' },
        leak: { type: 'boolean' }, background: { type: 'boolean' }, help: { type: 'boolean' },
      },
    }).values;
  } catch (problem) {
    throw new PlainError(`${problem instanceof Error ? problem.message : String(problem)}\n${usage}`);
  }
  if (values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  const minutes = values.hours === undefined ? Number(values.minutes ?? 10) : Number(values.hours) * 60;
  const speed = Number(values.speed ?? 1);
  if (!(minutes >= 1 && minutes <= 60_000)) throw new PlainError(`A soak takes one minute to 1,000 hours.\n${usage}`);
  if (!(speed >= 1 && speed <= 50)) throw new PlainError(`--speed takes a number from 1 to 50, not "${values.speed}".`);
  return { minutes, speed, leak: values.leak ?? false, background: values.background ?? false, samplesFile: values.samples };
}

/** What happens to a plant from time to time, one after the other. */
const incidents = ['deploy', 'fault', 'PLC restart', 'page reloads', 'broker restart', 'fault over', 'database restart'] as const;

let stopping = false;
let interrupted: (() => void) | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopping = true;
    interrupted?.();
  });
}

function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeMs);
    interrupted = () => {
      clearTimeout(timer);
      resolve();
    };
    if (stopping) interrupted();
  });
}

/** Runs one soak and says what came of it; leaves no process and no file behind. */
async function soak({ minutes, speed, leak, background, samplesFile }: SoakSettings): Promise<SoakVerdict> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-soak-'));
  const clock = { originMs: Date.now(), rate: speed };
  // One value of each tag in each second of the plant, and every one of them is sent.
  const intervalMs = Math.max(20, Math.round(1000 / speed));
  const plc = new SoakPlc(path.join(folder, 'plc'), clock, intervalMs);
  const broker = new SoakBroker();
  const stops: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
  const samples: SoakSample[] = [];
  try {
    stops.push(() => plc.stop());
    await plc.start();
    stops.push(() => broker.stop());
    await broker.start();
    const database = await startDatabase();
    if (database !== undefined) stops.push(() => database.stop());
    const flow = soakFlow(plc.endpoint, intervalMs, leak);
    const red = new SoakRed({
      folder, flow, port: await freePort(),
      environment: {
        TWINWIRE_PLC: plc.endpoint,
        TWINWIRE_MQTT: `mqtt://127.0.0.1:${broker.port}`,
        TWINWIRE_INFLUXDB: database?.url ?? '',
        TWINWIRE_CLOCK_RATE: String(clock.rate),
        TWINWIRE_CLOCK_ORIGIN: String(clock.originMs),
      },
    });
    stops.push(() => red.stop());
    await red.ready();
    const page = new PageClient(red.url);
    stops.push(() => page.close());
    const what = `${minutes} minutes at ${speed} × real time, InfluxDB ${database === undefined ? 'absent' : 'present'}${leak ? ', with a planted leak' : ''}`;
    console.log(`Soak: ${what}.`);

    const startMs = performance.now();
    const wholeMs = minutes * 60_000;
    const incidentEveryMs = Math.min(30 * 60_000, Math.max(30_000, wholeMs / 16));
    let incident = 0;
    let toldMs = startMs;
    for (let index = 1; !stopping; index += 1) {
      const nextMs = startMs + index * sampleEveryMs;
      if (nextMs > startMs + wholeMs) break;
      await pause(Math.max(0, nextMs - performance.now()));
      if (stopping) break;
      if (red.hasEnded) throw new Error(`Node-RED ended by itself:\n${red.output}`);
      const answer = await red.look();
      const sample: SoakSample = { plantHours: ((performance.now() - startMs) / 3_600_000) * speed, ...answer, ...red.stored(), pageEvents: page.events };
      samples.push(sample);
      if (samplesFile !== undefined) writeFileSync(samplesFile, `${JSON.stringify(sample)}\n`, { flag: 'a' });
      if (!background && performance.now() - toldMs > 60_000) {
        toldMs = performance.now();
        const { plantHours, heapBytes, residentBytes, loopDelayP99Ms, outboxRecords, messages } = sample;
        const figures = [`heap ${mega(heapBytes)} MB`, `resident ${mega(residentBytes)} MB`, `loop p99 ${loopDelayP99Ms.toFixed(0)} ms`];
        console.log(`${plantHours.toFixed(2)} h of the plant: ${figures.join(', ')}, outbox ${outboxRecords}, ${messages} messages`);
      }
      if (performance.now() - startMs < (incident + 1) * incidentEveryMs) continue;
      const name = incidents[incident % incidents.length]!;
      incident += 1;
      if (name === 'deploy') await red.deploy(flow);
      else if (name === 'page reloads') page.reload();
      else if (name === 'PLC restart') await restart(plc);
      else if (name === 'broker restart') await restart(broker);
      else if (name === 'fault' || name === 'fault over') await setFault(plc.endpoint, name === 'fault');
      else if (database !== undefined) {
        await database.process.halt();
        await pause(5000);
        await database.process.start();
      }
    }
    const verdict = judgeSoak(samples, { ...soakLimits, loopDelayP99Ms: background ? undefined : soakLimits.loopDelayP99Ms });
    if (stopping) verdict.problems.push('The soak was stopped before its time.');
    const isLearned = (minutes * speed) / 60 >= learnedAfterHours;
    if (isLearned && broker.received === 0) verdict.problems.push('Nothing was published to the broker: no case was opened although a fault was set.');
    for (const line of red.complaints.filter((text) => !isOfAnIncident(text)).slice(0, 10)) verdict.problems.push(`Node-RED's log: ${line}`);
    console.log([`\nAfter ${samples.length} samples and ${incident} incidents (${incidents.join(', ')}):\n`, ...soakTable(verdict)].join('\n'));
    return verdict;
  } finally {
    for (const stop of stops.reverse()) await Promise.resolve(stop()).catch((problem: unknown) => console.error(plainText(problem)));
  }
}

/** What a node is right to complain of while the PLC, the broker or the database is away. */
function isOfAnIncident(line: string): boolean {
  return /TWIN_(?:OPCUA|MQTT|INFLUX|DELIVERY|TARGET)\w*/.test(line);
}

async function restart(what: { stop(): Promise<void>; start(): Promise<void> }): Promise<void> {
  await what.stop();
  await pause(5000);
  await what.start();
}

/** Begins or ends the wear of the filler's bearing, so that cases come and go. */
async function setFault(endpoint: string, on: boolean): Promise<void> {
  const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 2 } });
  await client.withSessionAsync(endpoint, async (session) => {
    await session.write({
      nodeId: 'ns=1;s=Fault.BearingWear', attributeId: AttributeIds.Value, value: { value: { dataType: DataType.Boolean, value: on } },
    });
  });
}

async function startDatabase(): Promise<Influxd | undefined> {
  // What is not there is not fetched: beside tests, two installations would meet.
  return onPath('influxd') === undefined ? undefined : influxd();
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  // Children inherit it: beside tests and on a plant's own box, the soak gives way.
  if (settings.background) os.setPriority(10);
  else {
    const { problems } = await build({ despiteProblems: false });
    if (problems.length > 0) throw new PlainError(`The build has problems:\n${problems.join('\n')}`);
  }
  const verdicts: { expected: 'passed' | 'caught'; problems: string[] }[] = [];
  if (!settings.leak && settings.minutes >= 30) {
    const { problems } = await soak({ minutes: leakMinutes, speed: leakSpeed, leak: true, background: true, samplesFile: undefined });
    verdicts.push({ expected: 'caught', problems });
  }
  if (!stopping) {
    const { problems } = await soak(settings);
    verdicts.push({ expected: settings.leak ? 'caught' : 'passed', problems });
  }
  console.log('');
  for (const { expected, problems } of verdicts) {
    const caught = problems.some((text) => text.startsWith('The heap grows'));
    const good = expected === 'caught' ? caught : problems.length === 0;
    if (!good || stopping) process.exitCode = 1;
    for (const problem of problems) console.log(`${expected === 'caught' ? 'found  ' : 'FAILED '} ${problem}`);
    if (expected === 'caught') console.log(good ? 'ok      the planted leak was found' : 'FAILED  the planted leak was not found');
    else if (good) console.log('ok      nothing grows');
  }
  if (verdicts.length === 0) process.exitCode = 1;
}

try {
  await main();
} catch (problem) {
  console.error(plainText(problem));
  process.exitCode = 1;
}
