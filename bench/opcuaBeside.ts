import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../scripts/packageRoot.ts';
import { pause, until } from '../test/adapters/opcua/opcuaFaults.ts';
import { startTestServer } from '../test/adapters/opcua/startTestServer.ts';

/**
 * twin-opcua-source beside node-red-contrib-opcua: one after the other in a Node-RED of its own, against the same server, with the
 * same 1,000 tags at 100 ms. Values and lag are counted by a function node behind each; the processor time is that of the whole Node-RED
 * without what it needs at rest. Build first: node scripts/build.ts, then node bench/opcuaBeside.ts
 */
const tags = 1000;
/** After the first values; on a busy computer the start of Node-RED alone takes longer. */
const settleMs = 5000;
const startMs = 60_000;
const measuredMs = 20_000;
const folder = mkdtempSync(path.join(tmpdir(), 'twin-opcua-beside-'));
const server = await startTestServer({ folder: path.join(folder, 'server'), tags, tickMs: 100 });
const url = `opc.tcp://127.0.0.1:${server.port}/test`;

const tab = { id: 'tab', type: 'tab', label: 'Bench' };
/** Counts what passes and tells it once a second on the log. */
const counter = (id: string): object => ({
  id, type: 'function', z: 'tab', name: '', outputs: 0, wires: [],
  func: `const list = Array.isArray(msg.payload) ? msg.payload : msg.sourceTimestamp ? [msg] : [];
const lags = context.lags ?? (context.lags = []);
if (context.values === undefined) { context.values = 0; }
for (const each of list) { context.values += 1; }
if (list.length > 0) { lags.push(Date.now() - new Date(list[0].sourceTimestamp).getTime()); }
const now = Date.now();
if (now - (context.told ?? now - 1000) >= 1000) {
  lags.sort((a, b) => a - b);
  node.warn('COUNT ' + JSON.stringify({ values: context.values, atMs: now, p50: lags[Math.floor(lags.length / 2)] ?? null }));
  context.lags = [];
  context.told = now;
} else { context.told ??= now; }`,
});

const ours = [
  tab,
  { id: 'server', type: 'twin-opcua', url, security: 'none' },
  {
    id: 'source', type: 'twin-opcua-source', z: 'tab', server: 'server', interval: 100, queue: 10, wires: [['count'], []],
    addresses: [{ address: 'ns=2;s=Tags', what: 'below' }],
  },
  counter('count'),
];
const contrib = [
  tab,
  { id: 'server', type: 'OpcUa-Endpoint', endpoint: url, secpol: 'None', secmode: 'None', none: true, login: false, usercert: false },
  { id: 'start', type: 'inject', z: 'tab', once: true, onceDelay: 2, props: [], repeat: '', crontab: '', wires: [['list']] },
  {
    id: 'list', type: 'function', z: 'tab', outputs: 1, wires: [['client']],
    func: `for (let index = 0; index < ${tags}; index += 1) node.send({ topic: 'ns=2;s=Tag' + index, datatype: 'Double' });`,
  },
  {
    id: 'client', type: 'OpcUa-Client', z: 'tab', endpoint: 'server', action: 'subscribe', deadbandtype: 'a', deadbandvalue: 0, time: '100',
    timeUnit: 'ms', certificate: 'n', securitymode: 'None', securitypolicy: 'None', keepsessionalive: true, wires: [['count'], [], []],
  },
  counter('count'),
];

async function measure(name: string, flow: object[]): Promise<void> {
  const userDir = path.join(folder, name);
  rmSync(userDir, { recursive: true, force: true });
  const settingsFile = path.join(folder, `${name}.cjs`);
  const settings = {
    userDir, flowFile: path.join(folder, `${name}.json`), uiHost: '127.0.0.1', uiPort: 0, nodesDir: [packageRoot], functionTimeout: 0,
    telemetry: { enabled: false }, logging: { console: { level: 'warn' } }, httpAdminRoot: false,
  };
  writeFileSync(settingsFile, `module.exports = ${JSON.stringify(settings)};\n`);
  writeFileSync(settings.flowFile, JSON.stringify(flow));
  const red = spawn(process.execPath, [path.join(packageRoot, 'node_modules/node-red/red.js'), '-s', settingsFile], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, XDG_CONFIG_HOME: path.join(folder, 'config') },
  });
  let output = '';
  red.stdout.on('data', (data: Buffer) => (output += data.toString()));
  red.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const last = (): { values: number; atMs: number; p50: number } => {
    const told = [...output.matchAll(/COUNT (\{.*?\})/g)].at(-1)?.[1];
    return told === undefined ? { values: 0, atMs: 0, p50: NaN } : (JSON.parse(told) as { values: number; atMs: number; p50: number });
  };
  await until(() => last().values > tags, startMs, () => `no values of ${name}: ${output.slice(-1500)}`).catch((problem: unknown) => {
    red.kill('SIGKILL');
    throw problem;
  });
  await pause(settleMs);
  const before = last();
  const { ticks: ticksBefore = 0 } = await server.ask({ do: 'ticks' });
  const cpuBefore = cpuMs(red.pid!);
  const fromMs = performance.now();
  await pause(measuredMs);
  const seconds = (performance.now() - fromMs) / 1000;
  const after = last();
  const { ticks = 0 } = await server.ask({ do: 'ticks' });
  const corePercent = Math.round((cpuMs(red.pid!) - cpuBefore) / seconds) / 10;
  red.kill('SIGKILL');
  // By the counter's own times: it tells once a second, and the second it is in would count as loss.
  const valuesPerSecond = Math.round((1000 * (after.values - before.values)) / Math.max(1, after.atMs - before.atMs));
  const offeredPerSecond = Math.round(((ticks - ticksBefore) * tags) / seconds);
  console.log(JSON.stringify({ source: name, tags, valuesPerSecond, offeredPerSecond, corePercentOfNodeRed: corePercent, lagP50Ms: after.p50 }));
  if (valuesPerSecond === 0) console.log(output.slice(-1500));
}

/** User and system time of a process so far, in hundredths of a second on Linux, as milliseconds. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

try {
  await measure('twin-opcua-source', ours);
  await measure('node-red-contrib-opcua', contrib);
} finally {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
}
