import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isMain } from '../scripts/isMain.ts';
import { SoakRed } from '../scripts/soak/soakPlant.ts';
import type { FlowNode } from '../scripts/soak/soakPlant.ts';
import { theilSen } from '../scripts/soak/judgeSoak.ts';
import { pause, until } from '../test/adapters/opcua/opcuaFaults.ts';
import { startTestServer } from '../test/adapters/opcua/startTestServer.ts';
import { freePort } from '../test/flows/startNodeRed.ts';

export interface DeploysResult {
  deploys: number;
  /** Difference between the last looks and the first ones. */
  handlesGrown: number;
  openFilesGrown: number;
  sessionsLeft: number;
  subscriptionsLeft: number;
  /** Of the heap after collection, per hundred deploys, with the interval that holds it in 95 of 100 cases. */
  heapMBPerHundred: { slope: number; low: number; high: number };
  complaints: string[];
}

/**
 * Deploys a flow with twin-opcua and twin-opcua-source again and again in a real Node-RED against a real server, every third time before the connection
 * stands, and looks at what is left. Build first.
 *
 *   node bench/opcuaDeploys.ts [500]
 */
export async function opcuaDeploys(deploys: number, print: (line: string) => void = () => {}): Promise<DeploysResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'twin-opcua-deploys-'));
  const server = await startTestServer({ folder: path.join(folder, 'server') });
  const flow = (round: number): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'Deploys' },
    { id: 'site', type: 'twin-site', name: 'Site' },
    { id: 'server', type: 'twin-opcua', url: `opc.tcp://127.0.0.1:${server.port}/test`, security: 'none', name: `round ${round}` },
    {
      id: 'source', type: 'twin-opcua-source', z: 'tab', server: 'server', interval: 50, queue: 10,
      addresses: [{ address: 'ns=2;s=Tags', what: 'below' }, { address: 'ns=2;s=Nothing', what: 'value' }], wires: [['sink'], ['sink']],
    },
    { id: 'sink', type: 'function', z: 'tab', func: 'return null;', outputs: 1, wires: [[]] },
  ];
  const red = new SoakRed({ folder, flow: flow(0), port: await freePort(), environment: {} });
  const looks: { deploy: number; heapMB: number; handles: number; openFiles: number }[] = [];
  try {
    await red.ready();
    const warmUp = Math.min(20, Math.ceil(deploys / 5));
    // A multiple of three and one more is never one that was closed early.
    const every = 3 * Math.max(1, Math.round(deploys / 120));
    for (let deploy = 1; deploy <= deploys; deploy += 1) {
      await red.deploy(flow(deploy));
      const before = (await red.look()).messages;
      if (deploy % 3 === 0) await pause((deploy * 7) % 60);
      else {
        const endMs = performance.now() + 20_000;
        while ((await red.look()).messages <= before) {
          if (performance.now() > endMs) throw new Error(`No value came after deploy ${deploy}.\n${red.output}`);
          await pause(50);
        }
      }
      if (deploy < warmUp || deploy % every !== 1) continue;
      const { heapBytes, handles, openFiles } = await red.look();
      const { FSReqPromise: _some, Timeout: _timers, ...held } = handles;
      looks.push({ deploy, heapMB: heapBytes / 1e6, handles: Object.values(held).reduce((sum, count) => sum + count, 0), openFiles });
      if (looks.length % 5 === 1) print(JSON.stringify(looks.at(-1)));
    }
    if (looks.length < 3) throw new Error(`${looks.length} looks in ${deploys} deploys are too few.`);
    await red.deploy([]);
    let left = { sessions: 1, subscriptions: 1 };
    await until(() => {
      void server.ask({ do: 'sessions' }).then((answer) => (left = answer as typeof left));
      return left.sessions === 0 && left.subscriptions === 0;
    }, 8000, () => 'late').catch(() => {});
    const { perHour: slope, lowPerHour: low, highPerHour: high } = theilSen(looks.map(({ deploy }) => deploy / 100), looks.map(({ heapMB }) => heapMB));
    const grown = (of: (look: (typeof looks)[number]) => number): number => {
      const least = (part: typeof looks): number => Math.min(...part.map(of));
      return least(looks.slice(Math.ceil(-looks.length / 3))) - least(looks.slice(0, Math.max(1, Math.floor(looks.length / 3))));
    };
    return {
      deploys, handlesGrown: grown(({ handles }) => handles), openFilesGrown: grown(({ openFiles }) => openFiles),
      sessionsLeft: left.sessions, subscriptionsLeft: left.subscriptions, heapMBPerHundred: { slope, low, high }, complaints: red.complaints,
    };
  } finally {
    await red.stop();
    await server.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What is wrong, as sentences. A few hundred kilobytes in a hundred deploys are Node-RED's own, also with a flow of nothing but comments. */
export function deployProblems(result: DeploysResult, mostHeapMBPerHundred: number): string[] {
  const { handlesGrown, openFilesGrown, sessionsLeft, subscriptionsLeft, heapMBPerHundred, complaints } = result;
  return [
    ...(handlesGrown > 0 ? [`${handlesGrown} handles more`] : []),
    ...(openFilesGrown > 0 ? [`${openFilesGrown} open files and sockets more`] : []),
    ...(sessionsLeft + subscriptionsLeft > 0 ? [`${sessionsLeft} sessions and ${subscriptionsLeft} subscriptions left at the server`] : []),
    ...(heapMBPerHundred.low > mostHeapMBPerHundred ? [`the heap grows by ${heapMBPerHundred.slope.toFixed(2)} MB in a hundred deploys`] : []),
    ...complaints,
  ];
}

if (isMain(import.meta)) {
  const result = await opcuaDeploys(Number(process.argv[2] ?? 500), console.log);
  console.log(JSON.stringify(result));
  const problems = deployProblems(result, 0.5);
  for (const problem of problems) console.log(`FAILED ${problem}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
