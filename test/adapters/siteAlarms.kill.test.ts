import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Alarm } from '../../contract/alarms.ts';
import type { TwinCase } from '../../contract/messages.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';

const program = fileURLToPath(new URL('./killedAlarms.ts', import.meta.url));

interface Said {
  done?: string;
  told?: string;
  key?: string;
  alarms: Alarm[];
  case: TwinCase | null;
  records: { number: number; event: string; to: string }[];
}

describe('alarms: kill -9', function () {
  this.timeout(120_000);

  it('state, occurrence, acknowledgement and the end of a shelf outlive it, and nobody is told twice', async () => {
    const folder = temporaryFolder('killed-alarms');
    const told: { told: string; key: string }[] = [];
    let child: ChildProcess;
    let said: Said[] = [];
    let heard: () => void = () => undefined;
    const until = async (fits: () => boolean): Promise<void> => {
      while (!fits()) await new Promise<void>((resolve) => (heard = resolve));
    };
    const start = async (): Promise<Said> => {
      said = [];
      child = spawn(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const message = JSON.parse(line) as Said;
        if (message.told !== undefined) told.push({ told: message.told, key: message.key ?? '' });
        said.push(message);
        heard();
      });
      await until(() => said.some(({ done }) => done === 'start'));
      return said.find(({ done }) => done === 'start') as Said;
    };
    const ask = async (line: string): Promise<Said> => {
      const before = said.length;
      child.stdin!.write(`${line}\n`);
      await until(() => said.slice(before).some(({ done }) => done === line));
      return said.slice(before).find(({ done }) => done === line) as Said;
    };
    const kill = async (): Promise<void> => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    };
    const only = ({ alarms }: Said): Alarm => {
      assert.equal(alarms.length, 1);
      return alarms[0] as Alarm;
    };
    try {
      await start();
      const raised = only(await ask('limit true'));
      assert.deepEqual([raised.state, raised.occurrence], ['UNACK', 1]);
      await kill();

      const again = await start();
      assert.deepEqual([only(again), again.case?.id], [raised, 'm1/1']);
      await ask('limit true');
      assert.deepEqual(told.map((each) => each.told), ['opened'], 'told once');
      const acknowledged = only(await ask('ack'));
      await kill();

      const later = await start();
      assert.deepEqual([only(later), later.case?.state, later.case?.acknowledgedBy], [acknowledged, 'acknowledged', 'Ada']);
      assert.deepEqual(told.map((each) => each.told), ['opened', 'acknowledged']);
      const shelved = only(await ask('shelve 5000'));
      await kill();

      const shelf = only(await start());
      assert.equal(shelf.state, 'SHLVD');
      assert.ok(Math.abs((shelf.flags.shelf?.untilMs ?? 0) - (shelved.flags.shelf?.untilMs ?? 1)) < 1000, 'ends when it would have ended');
      const waited = told.length;
      await until(() => told.length > waited);
      assert.ok(Date.now() >= (shelved.flags.shelf?.untilMs ?? Infinity) - 200, 'not before its time');
      const { records } = await ask('state');
      assert.deepEqual(records.filter(({ event }) => event !== 'CASE').reverse().map(({ event, to }) => `${event} ${to}`), ['ACT UNACK', 'ACK ACKED', 'SHELVE SHLVD', 'EXP UNACK']);
      assert.deepEqual(records.map(({ number }) => number), records.map((_, index) => records.length - index), 'no number twice');
      assert.equal(new Set(told.map(({ key }) => key)).size, told.length);
    } finally {
      child!.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
