import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync, writeFileSync, type WriteStream } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { type DemoClock, DemoFolder } from './demoFolder.ts';
import { withFileLock } from './fileLock.mjs';
import { packageRoot } from './packageRoot.ts';
import { PlainError, plainText } from './plainError.ts';

const usage = `npm start [-- options]: the demo plant in Node-RED, on this computer only
  --fresh       forget what an earlier demo learned and what was changed in its flow
  --rate N      how much faster than real time the plant runs, 1 to 60; default 60
  --flow NAME   another flow of flows/; default packaging-line
Environment: PORT (default 1880), TWINWIRE_DATA (folder), TWINWIRE_MQTT (mqtt://…), TWINWIRE_INFLUXDB (http://…)`;

const defaultPort = 1880;
/** A PLC that crashes again and again is not restarted for ever. */
const restartsAllowed = 5;

interface Settings {
  fresh: boolean;
  rate: number;
  flow: string;
}

function readSettings(given: string[]): Settings {
  let values: { fresh?: boolean; rate?: string; flow?: string; help?: boolean };
  try {
    values = parseArgs({
      args: given,
      options: { fresh: { type: 'boolean' }, rate: { type: 'string' }, flow: { type: 'string' }, help: { type: 'boolean' } },
    }).values;
  } catch (problem) {
    throw new PlainError(`${problem instanceof Error ? problem.message : String(problem)}\n${usage}`);
  }
  if (values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  const rate = Number(values.rate ?? 60);
  if (!(rate >= 1 && rate <= 60)) throw new PlainError(`--rate takes a number from 1 to 60, not "${values.rate}".`);
  const flow = values.flow ?? 'packaging-line';
  if (!/^[\w-]+$/.test(flow)) throw new PlainError(`--flow takes the name of a file in flows/, without .json, not "${flow}".`);
  return { fresh: values.fresh ?? false, rate, flow };
}

/** What runs, so that it can be stopped: the last started first. */
const stops: (() => Promise<void> | void)[] = [];
let stopping = false;

async function stop(code: number): Promise<never> {
  if (!stopping) {
    stopping = true;
    for (const each of stops.reverse()) await Promise.resolve(each()).catch(() => undefined);
  }
  process.exit(code);
}

async function start(settings: Settings): Promise<void> {
  console.log('Building …');
  const { problems } = await build({ despiteProblems: false });
  if (problems.length > 0) throw new PlainError(`The build has problems:\n${problems.join('\n')}`);

  const folder = path.resolve(packageRoot, process.env.TWINWIRE_DATA || '.data/demo');
  await holdLock(path.join(folder, 'demo.lock'), folder);
  const demo = new DemoFolder(folder, settings.fresh);
  const clock = demo.clock(settings.rate, Date.now());
  const flowText = readFlowText(settings.flow);
  const ownBroker = (process.env.TWINWIRE_MQTT ?? '') === '' && flowText.includes('TWINWIRE_MQTT');
  // The broker in this process speaks MQTT 3.1.1, which every other broker does too.
  const { file: flowFile, kept } = demo.takeFlow(settings.flow, (text) => (ownBroker ? withOldMqtt(text) : text));

  const log = createWriteStream(path.join(folder, 'node-red.log'), { flags: 'a' });
  const mqtt = ownBroker ? await startBroker() : (process.env.TWINWIRE_MQTT ?? '');
  const plc = flowText.includes('TWINWIRE_PLC') ? await startPlc(folder, clock, log) : '';
  const { port, wanted } = await choosePort();
  const influxdb = process.env.TWINWIRE_INFLUXDB ?? '';
  const environment = {
    TWINWIRE_PLC: plc,
    TWINWIRE_MQTT: mqtt,
    TWINWIRE_INFLUXDB: influxdb,
    TWINWIRE_RECORDED_MACHINE: path.join(packageRoot, 'flows/recorded-machine.csv'),
    TWINWIRE_CLOCK_RATE: String(clock.rate),
    TWINWIRE_CLOCK_ORIGIN: String(clock.originMs),
    // Where the OPC UA client keeps its certificates: with the demo's data, not in the home folder.
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    NODE_RED_ENABLE_TELEMETRY: 'false',
    PORT: '',
  };
  demo.remember(clock, Date.now());
  const remembering = setInterval(() => demo.remember(clock, Date.now()), 5_000);
  stops.push(() => {
    clearInterval(remembering);
    demo.remember(clock, Date.now());
  });
  await startNodeRed({ folder, flowFile, port, environment, log, credentialSecret: demo.credentialSecret });

  const editor = `http://127.0.0.1:${port}`;
  const lines = [
    '',
    `Twinwire's demo plant is running.${port === wanted ? '' : ` Port ${wanted} is taken, so it is on port ${port}.`}`,
    '',
    `  Machines   ${editor}/twin   which machine needs a look?`,
    `  Editor     ${editor}        flow: flows/${settings.flow}.json${kept ? ', with the changes you made' : ''}`,
    ...(plc === '' ? [] : [`  PLC        ${plc}   simulated, ${clock.rate} × real time`]),
    ...(mqtt === '' ? [] : [`  MQTT       ${mqtt}   ${ownBroker ? 'a broker of its own; TWINWIRE_MQTT names another' : 'as TWINWIRE_MQTT says'}; topics twinwire/#`]),
    `  InfluxDB   ${influxdb === '' ? 'none; TWINWIRE_INFLUXDB=http://127.0.0.1:8086 names one. History is kept without it.' : influxdb}`,
    `  Data       ${folder}   kept for the next start; npm start -- --fresh begins anew`,
    '',
    ...(settings.flow === 'packaging-line'
      ? [
          'Give it a minute to learn what is normal. Then press "Bearing wear: begin" in the editor, by the button on its left,',
          'and watch the Machines page: it names the filler and the signals that changed.',
          '',
        ]
      : []),
    ...(settings.flow === 'recorded-machine' ? ['Press "Play the recording" in the editor, by the button on its left: a day and a half of a real machine in seconds.', ''] : []),
    'Only this computer can reach it. Ctrl-C stops everything.',
  ];
  console.log(lines.join('\n'));
}

function readFlowText(name: string): string {
  const file = path.join(packageRoot, 'flows', `${name}.json`);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Two demos over one folder would fight for the site's store. */
function holdLock(file: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    withFileLock(
      file,
      () => {
        resolve();
        return new Promise<void>((release) => stops.push(() => release()));
      },
      (owner) => {
        throw new PlainError(`The demo runs already (process ${owner}) with ${folder}. Stop it, or give this one a folder of its own with TWINWIRE_DATA.`);
      },
    ).catch(reject);
  });
}

function withOldMqtt(text: string): string {
  const nodes = JSON.parse(text) as Record<string, unknown>[];
  for (const node of nodes) if (node.type === 'twin-mqtt') node.protocolVersion = '4';
  return `${JSON.stringify(nodes, null, 2)}\n`;
}

async function startBroker(): Promise<string> {
  const { Aedes } = await import('aedes');
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  const port = await listenOnFreePort(server, 1883);
  stops.push(
    () =>
      new Promise<void>((resolve) => {
        broker.close(() => server.close(() => resolve()));
        setTimeout(resolve, 2_000).unref();
      }),
  );
  return `mqtt://127.0.0.1:${port}`;
}

/** Listens on the wanted port of loopback or, if it is taken, on any free one; gives the port. */
async function listenOnFreePort(server: Server, wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const listening = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (problem: NodeJS.ErrnoException) => (port !== 0 && /EADDRINUSE|EACCES/.test(problem.code ?? '') ? resolve(false) : reject(problem)));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    server.removeAllListeners('error');
    const address = server.address();
    if (listening && typeof address === 'object' && address !== null) return address.port;
  }
  throw new PlainError('No port is free on 127.0.0.1.');
}

async function choosePort(): Promise<{ port: number; wanted: number }> {
  const given = process.env.PORT ?? '';
  const wanted = given === '' ? defaultPort : Number(given);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 65_535) throw new PlainError(`PORT is "${given}", which is not a port from 1 to 65535.`);
  for (let port = wanted; port < Math.min(wanted + 100, 65_536); port++) if (await isFree(port)) return { port, wanted };
  throw new PlainError(`The ports from ${wanted} to ${wanted + 99} are all taken. Choose another with PORT=… npm start.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Starts the simulated PLC, resolves with its endpoint, and starts it again, at the same address, when it dies. */
async function startPlc(folder: string, clock: DemoClock, log: WriteStream): Promise<string> {
  const probe = createServer();
  const port = await listenOnFreePort(probe, 4840);
  await new Promise((resolve) => probe.close(resolve));
  let child: ChildProcess | undefined;
  let restarts = 0;

  const launch = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const given = ['--folder', path.join(folder, 'plc'), '--port', String(port), '--rate', String(clock.rate), '--origin', String(clock.originMs)];
      // In a process group of its own: Ctrl-C reaches only this process, which then stops everything in order. The PLC ends when
      // the pipe to it closes, whatever happened here.
      const started = spawn(process.execPath, [path.join(packageRoot, 'demo/plc.ts'), ...given], {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        env: { ...process.env, XDG_CONFIG_HOME: path.join(folder, 'config') },
      });
      child = started;
      let complaint = '';
      started.stderr.on('data', (chunk: Buffer) => {
        complaint = (complaint + chunk.toString()).slice(-2000);
        log.write(chunk);
      });
      createInterface({ input: started.stdout }).on('line', (line) => {
        try {
          const report = JSON.parse(line) as { ready?: boolean; endpoint?: string };
          if (report.ready === true && report.endpoint !== undefined) resolve(report.endpoint);
        } catch {
          log.write(`${line}\n`);
        }
      });
      started.once('error', reject);
      started.once('exit', (code, signal) => {
        reject(new PlainError(`The simulated PLC did not start (${signal ?? `exit code ${code}`}): ${lastLine(complaint)}`));
        if (!stopping) again(`${signal ?? `exit code ${code}`}`);
      });
    });

  const again = (how: string): void => {
    if (endpoint === '') return;
    if (restarts++ >= restartsAllowed) {
      console.error(`The simulated PLC ended ${restarts} times (${how}) and is not started again. The twins will say that nothing arrives.`);
      return;
    }
    console.error(`The simulated PLC ended (${how}); starting it again at the same address. The twins will say that nothing arrives until it is back.`);
    setTimeout(() => {
      if (!stopping) launch().then(() => console.error('The simulated PLC is back.'), (problem: unknown) => console.error(plainText(problem)));
    }, 1_000);
  };

  let endpoint = '';
  stops.push(() => endChild(child));
  endpoint = await launch();
  return endpoint;
}

interface NodeRedSettings {
  folder: string;
  flowFile: string;
  port: number;
  environment: Record<string, string>;
  log: WriteStream;
  credentialSecret: string;
}

async function startNodeRed({ folder, flowFile, port, environment, log, credentialSecret }: NodeRedSettings): Promise<void> {
  const settings = {
    uiPort: port,
    uiHost: '127.0.0.1',
    userDir: folder,
    flowFile,
    flowFilePretty: true,
    credentialSecret,
    nodesDir: [packageRoot],
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { autoInstall: false },
    editorTheme: { tours: false, projects: { enabled: false }, page: { title: 'Twinwire demo plant' }, header: { title: 'Twinwire demo plant' } },
    logging: { console: { level: 'info', metrics: false, audit: false } },
  };
  const file = path.join(folder, 'settings.cjs');
  // The channel to this process closes when it ends, however it ends; then Node-RED must not stay behind.
  const ending = "process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));";
  writeFileSync(file, `${ending}\nmodule.exports = ${JSON.stringify(settings, null, 2)};\n`);
  const child = spawn(process.execPath, [path.join(packageRoot, 'node_modules/node-red/red.js'), '--settings', file], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  stops.push(() => endChild(child));
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      if (line.trim() !== '') last = line;
      // The rest is in the log; what goes wrong belongs on the screen.
      if (/\[(error|fatal)\]|Uncaught/.test(line)) console.error(line);
    });
  }
  child.once('exit', (code, signal) => {
    if (stopping) return;
    console.error(`Node-RED ended (${signal ?? `exit code ${code}`}): ${last}\nSee ${path.join(folder, 'node-red.log')}.`);
    void stop(1);
  });
  const answers = (address: string): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}${address}`).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
  for (let attempt = 0; !(await answers('/settings')); attempt++) {
    if (stopping) return;
    if (attempt > 600) throw new PlainError(`Node-RED does not answer after two minutes. See ${path.join(folder, 'node-red.log')}.`);
    await pause();
  }
  // The page comes when the site's store is open; a flow whose site was taken out has none.
  for (let attempt = 0; attempt < 50 && !stopping && !(await answers('/twin/api/overview')); attempt++) await pause();
}

function endChild(child: ChildProcess | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return lines.at(-1) ?? 'it said nothing';
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stopping) console.log('\nStopping …');
    void stop(0);
  });
}
process.on('uncaughtException', (problem) => {
  console.error(plainText(problem));
  void stop(1);
});

try {
  await start(readSettings(process.argv.slice(2)));
} catch (problem) {
  console.error(plainText(problem));
  await stop(1);
}
