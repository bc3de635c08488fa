import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../scripts/packageRoot.ts';

export interface Plc {
  endpoint: string;
  originMs: number;
  rate: number;
  stop(): Promise<void>;
}

/** The demo's PLC in a process of its own, on a free port of loopback. */
export function startPlc(options: { rate?: number; seed?: number } = {}): Promise<Plc> {
  const { rate = 60, seed = 1 } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-plc-'));
  const given = ['--folder', folder, '--rate', String(rate), '--seed', String(seed)];
  const child: ChildProcess = spawn(process.execPath, [path.join(packageRoot, 'demo/plc.ts'), ...given], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, XDG_CONFIG_HOME: folder },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.once('exit', (code) => reject(new Error(`The PLC ended with ${code}: ${complaint}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const ready = JSON.parse(line) as { ready: boolean; endpoint: string; originMs: number; rate: number };
      resolve({ endpoint: ready.endpoint, originMs: ready.originMs, rate: ready.rate, stop });
    });
  });
}
