import { spawn } from 'node:child_process';
import path from 'node:path';
import { packageRoot } from '../scripts/packageRoot.ts';
import { verdictOf } from './verdictOf.ts';

interface Measured {
  /** Of bench/opcuaBeside.ts. */
  source?: string;
  corePercentOfNodeRed?: number;
  lagP50Ms?: number;
  /** Of bench/opcuaSource.ts. */
  security?: string;
  corePercent?: number;
  lagMs?: { p50: number; p99: number };
  tags: number;
  valuesPerSecond: number;
  /** What the server really changed: under load its own clock slips. */
  offeredPerSecond: number;
}

/** The client alone, without and with encryption, and twin-opcua-source beside node-red-contrib-opcua, each in a Node-RED of its own, in one run. */
export async function opcuaSpeed(print: (line: string) => void): Promise<void> {
  const alone = await measured('opcuaSource.ts');
  const beside = await measured('opcuaBeside.ts');
  print('| 1,000 tags at 100 ms | offered values/s | measured | share | one core | lag p50 | lag p99 |');
  print('|---|---|---|---|---|---|---|');
  for (const each of [...alone, ...beside]) {
    const name = each.source === undefined ? `the client alone, ${each.security}` : `${each.source}, in Node-RED`;
    const share = each.valuesPerSecond / each.offeredPerSecond;
    const core = each.corePercent ?? each.corePercentOfNodeRed;
    const lag = (ms: number | undefined | null): string => (ms === undefined || ms === null ? '–' : `${ms} ms`);
    const figures = [each.offeredPerSecond, each.valuesPerSecond, `${(100 * share).toFixed(1)} %`, `${core} %`];
    print(`| ${name} | ${figures.join(' | ')} | ${lag(each.lagMs?.p50 ?? each.lagP50Ms)} | ${lag(each.lagMs?.p99)} |`);
  }
  const [own, other] = ['twin-opcua-source', 'node-red-contrib-opcua'].map((name) => beside.find(({ source }) => source === name));
  if (own === undefined || other === undefined || alone.length < 2) throw new Error('A measurement is missing.');
  print('');
  print('| aim | measured | asked | |');
  print('|---|---|---|---|');
  const slowest = Math.min(...[...alone, own].map(({ valuesPerSecond, offeredPerSecond }) => valuesPerSecond / offeredPerSecond));
  print(`| all values arrive, in each of ours | ${(100 * slowest).toFixed(1)} % | ≥ 98 % | ${verdictOf(slowest >= 0.98)} |`);
  const ratio = own.valuesPerSecond / other.valuesPerSecond;
  print(`| values beside node-red-contrib-opcua | ${ratio.toFixed(1)} × | ≥ 1 × | ${verdictOf(ratio >= 1)} |`);
}

/** Runs a measuring script in a process of its own and reads the lines of JSON that it prints. */
function measured(script: string): Promise<Measured[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(packageRoot, 'bench', script)], { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`${script} ended with ${code}: ${output.slice(-1000)}`));
      else resolve(output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Measured));
    });
  });
}
