import { fork } from 'node:child_process';

/**
 * Runs a measuring script in a process of its own, so that heap, garbage collection and compiled code of one bench do not bear on
 * another; resolves with what it sends. Profiles: set TWINWIRE_BENCH_PROFILE to a folder.
 */
export function inProcess<Result>(script: string, settings: unknown): Promise<Result> {
  const folder = process.env['TWINWIRE_BENCH_PROFILE'];
  const execArgv = ['--expose-gc', ...(folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`])];
  return new Promise((resolve, reject) => {
    let result: { value: Result } | undefined;
    // Compiled code that the first process left on the disk would make the second one smaller.
    const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
    const child = fork(script, [JSON.stringify(settings)], { execArgv, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (value) => (result = { value: value as Result }));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (result !== undefined && code === 0) resolve(result.value);
      else reject(new Error(`${script} ended with ${signal ?? code}${result === undefined ? ' and no result' : ''}.`));
    });
  });
}

/** What `inProcess` gave as settings. */
export function settingsOfProcess<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}

/** Sends the result and ends the process when it is through. */
export function sendResult(result: unknown): void {
  process.send?.(result, () => process.exit(0));
}
