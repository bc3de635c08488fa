import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';
import { skipReasons } from '../test/skip.ts';

/** One line of the results file that a test process writes as it goes, so that a crash loses nothing that was found before it. */
export type TestRecord =
  | { event: 'pass'; title: string; durationMs: number }
  | { event: 'fail'; title: string; message: string; stack: string }
  | { event: 'skip'; title: string; reason: string }
  | { event: 'end' }
  | { event: 'open'; handles: string[] };

/** After its last test a process may take this long to end by itself. */
const patienceMs = 5_000;

/** Prints failures as they come, and writes every result to the file named by TWINWIRE_TEST_RESULTS. */
export default class MochaReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env.TWINWIRE_TEST_RESULTS;
    const write = (record: TestRecord): void => {
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(record)}\n`);
    };
    runner.on('pass', (test: Mocha.Test) => write({ event: 'pass', title: test.fullTitle(), durationMs: test.duration ?? 0 }));
    runner.on('fail', (test: Mocha.Test, problem: Error) => {
      write({ event: 'fail', title: test.fullTitle(), message: String(problem.message), stack: String(problem.stack ?? problem) });
    });
    runner.on('pending', (test: Mocha.Test) => {
      const title = test.fullTitle();
      const known = skipReasons.find((skipped) => skipped.title === title || title.startsWith(suiteOf(skipped.title)));
      write({ event: 'skip', title, reason: known?.reason ?? 'no reason was given' });
    });
    // mocha passes over these in silence.
    const seen = new WeakSet<Promise<unknown>>();
    process.on('unhandledRejection', (reason, promise) => {
      // A test that plants a rejection watches for it itself.
      const watched = process.listeners('unhandledRejection').some((listener) => (listener as { watchesRejections?: boolean }).watchesRejections === true);
      if (watched || seen.has(promise)) return;
      seen.add(promise);
      const problem = reason instanceof Error ? reason : new Error(String(reason));
      console.error(`Rejected, and nobody was listening: ${problem.stack}`);
      write({ event: 'fail', title: 'a promise that nobody listened to', message: problem.message, stack: problem.stack ?? '' });
      process.exitCode = 1;
    });
    runner.once('end', () => {
      if (this.failures.length > 0) Mocha.reporters.Base.list(this.failures);
      write({ event: 'end' });
      // Not waited for: it only ever fires when something else keeps the process alive.
      setTimeout(() => {
        write({ event: 'open', handles: process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap)$/.test(name)) });
        process.exit(1);
      }, patienceMs).unref();
    });
  }
}

/** A hook is called `suite "before all" hook …`: what stands before that names the suite. */
function suiteOf(title: string): string {
  const at = title.search(/"(?:before|after)/);
  return at < 0 ? `${title}\0` : title.slice(0, at).trim();
}
