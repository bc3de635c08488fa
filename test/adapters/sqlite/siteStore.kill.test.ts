import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSiteStore } from '../../../adapters/sqlite/siteStore.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';
import { temporaryFolder } from '../../services/serviceProcess.ts';

const writer = fileURLToPath(new URL('./killedWriter.ts', import.meta.url));
const kinds = ['state', 'fact', 'bulk', 'history', 'outbox'] as const;

describe('sqlite: kill -9', function () {
  this.timeout(120_000);

  it('loses nothing that was acknowledged, invents nothing, and opens at once afterwards', async () => {
    const { seed, numRuns } = checkParameters(6);
    let random = seed;
    const next = (): number => (random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
    const folder = temporaryFolder('kill');
    const issued = { state: -1, fact: -1, bulk: -1, history: -1, outbox: -1 };
    /** Acknowledged over all rounds; each round starts behind what was issued before. */
    const stored = { state: new Set<number>(), fact: new Set<number>(), bulk: new Set<number>(), history: new Set<number>(), outbox: new Set<number>() };
    try {
      for (let round = 0; round < numRuns; round += 1) {
        const first = Math.max(...Object.values(issued)) + 1;
        const child = spawn(process.execPath, [writer, folder, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout });
        const opened = once(lines, 'line');
        lines.on('line', (line) => {
          const [verb, kind, n] = line.split(' ') as [string, (typeof kinds)[number], string];
          if (verb === 'issued') issued[kind] = Number(n);
          else if (verb === 'stored') stored[kind].add(Number(n));
        });
        await opened;
        // Some of each, however slow the machine; then at any moment.
        while (kinds.some((kind) => stored[kind].size < 2 * (round + 1)) && child.exitCode === null) await delay(10);
        await delay(next() * 900);
        const closed = once(lines, 'close');
        child.kill('SIGKILL');
        await once(child, 'exit');
        await closed;

        const store = openSiteStore(folder);
        try {
          assert.deepEqual(store.problems, []);
          const states = new Map((await store.state.entries('')).map(({ key, value }) => [key, value]));
          const facts = new Set((await store.graph.facts({ validMs: 1e9, recordedMs: 1e9, source: 'test' })).map(({ validFromMs }) => validFromMs));
          const bulks = new Map<number, number>();
          for (const { validFromMs } of await store.graph.facts({ validMs: 1e9, recordedMs: 1e9, source: 'bulk' })) bulks.set(validFromMs, (bulks.get(validFromMs) ?? 0) + 1);
          const records = new Map((await store.outbox.pending('t', 1_000_000)).map(({ idempotencyKey, body }) => [Number(idempotencyKey), body]));
          const points = new Map((await store.historian.range('a', 'p99', 0, 1e9)).map(({ timeMs, value }) => [timeMs, value]));
          for (const n of stored.state) assert.deepEqual(states.get(`twin/${n}`), { n });
          for (const n of stored.fact) assert.ok(facts.has(n), `fact ${n}`);
          for (const n of stored.bulk) assert.equal(bulks.get(n), 500, `bulk ${n}`);
          for (const [n, count] of bulks) assert.equal(count, 500, `bulk ${n} is whole`);
          for (const n of stored.outbox) assert.equal(records.get(n), `body ${n}`);
          for (const n of stored.history) assert.equal(points.get(n), n + 99);
          const latest = states.get('latest');
          assert.ok(latest === undefined || (typeof latest === 'number' && states.has(`twin/${latest}`)), 'a commit is whole');
          for (const [kind, found] of [['fact', facts], ['bulk', bulks], ['outbox', records], ['history', points]] as const) {
            for (const n of found.keys()) assert.ok(n <= issued[kind], `${kind} ${n} was never issued`);
          }
          assert.equal((await store.outbox.depth('t')).records, records.size);
        } finally {
          await store.close();
        }
      }
      for (const kind of kinds) assert.ok(stored[kind].size > numRuns, `${kind}: only ${stored[kind].size} acknowledged`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
