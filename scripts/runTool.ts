import { spawn } from 'node:child_process';
import path from 'node:path';
import { packageRoot } from './packageRoot.ts';

export interface ToolResult {
  /** null when it was ended by a signal. */
  code: number | null;
  /** Standard output and errors, in the order of arrival. */
  output: string;
}

/**
 * Runs a JavaScript command-line tool of node_modules with this Node, in the checkout's root.
 * @param file its script inside node_modules: `typescript/bin/tsc`
 */
export function runTool(file: string, given: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<ToolResult> {
  const script = path.join(packageRoot, 'node_modules', file);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...given], { cwd: packageRoot, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
