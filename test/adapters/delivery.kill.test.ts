import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkParameters } from '../checks/ports/checkParameters.ts';
import { requireService } from '../services/requireService.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';
import { influxd } from '../services/startInfluxd.ts';

const program = fileURLToPath(new URL('./killedDelivery.ts', import.meta.url));

describe('delivery: kill -9', function () {
  this.timeout(180_000);
  before(requireService('influxd'));

  it('every accepted line is in InfluxDB in the end, exactly, and none that was not issued', async () => {
    const { seed, numRuns } = checkParameters(6);
    let random = seed;
    const next = (): number => (random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
    const folder = temporaryFolder('killed-delivery');
    const service = await influxd();
    const accepted = new Set<number>();
    let issued = -1;
    const run = async (last: number, killAfterMs: number | undefined): Promise<string> => {
      const child = spawn(process.execPath, [program, folder, service.url, `${issued + 1}`, `${last}`], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout });
      const closed = once(lines, 'close');
      let latest = '';
      lines.on('line', (text) => {
        const [verb, n] = text.split(' ');
        latest = text;
        if (verb === 'issued') issued = Math.max(issued, Number(n));
        else if (verb === 'accepted') accepted.add(Number(n));
      });
      await once(lines, 'line');
      if (killAfterMs !== undefined) {
        await delay(killAfterMs);
        child.kill('SIGKILL');
      }
      await closed;
      return latest;
    };
    try {
      for (let round = 0; round < numRuns; round += 1) {
        // In some rounds the database goes away, too.
        if (round % 3 === 1) await service.process.halt('SIGKILL');
        await run(1e9, 200 + next() * 800);
        if (round % 3 === 1) await service.process.start();
      }
      assert.ok(accepted.size > numRuns * 20, `only ${accepted.size} accepted`);
      assert.equal(await run(issued + 101, undefined), 'drained');
      const [series] = await service.query('SELECT value, text FROM m', 'plant');
      const stored = new Map((series?.values ?? []).map(([time, value, text]) => [Number(value), [time, text]]));
      for (const n of accepted) assert.deepEqual(stored.get(n), [1_000_000 + n, `line ${n}`], `line ${n} was accepted`);
      for (const n of stored.keys()) assert.ok(n <= issued, `line ${n} was never issued`);
      assert.equal(series?.values.length, stored.size);
    } finally {
      await service.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
