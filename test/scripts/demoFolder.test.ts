import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DemoFolder } from '../../scripts/demoFolder.ts';

const hourMs = 3_600_000;
const plantTime = ({ originMs, rate }: { originMs: number; rate: number }, nowMs: number): number => originMs + (nowMs - originMs) * rate;

describe('the folder of the demo', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'twinwire-demo-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('begins at the time on the wall', () => {
    const nowMs = Date.UTC(2026, 0, 1);
    assert.equal(plantTime(new DemoFolder(folder, false).clock(60, nowMs), nowMs), nowMs);
  });

  it('goes on where the plant was, at whatever rate, and never back', () => {
    let wallMs = Date.UTC(2026, 0, 1);
    let lastMs = 0;
    for (const rate of [60, 60, 7, 2, 60]) {
      const demo = new DemoFolder(folder, false);
      const clock = demo.clock(rate, wallMs);
      const beginMs = plantTime(clock, wallMs);
      assert.ok(beginMs >= lastMs, `${rate}: ${beginMs} is before ${lastMs}`);
      assert.ok(lastMs === 0 || beginMs - lastMs < 11 * hourMs, `${rate}: jumps by ${(beginMs - lastMs) / hourMs} hours`);
      wallMs += 2 * hourMs;
      demo.remember(clock, wallMs);
      lastMs = plantTime(clock, wallMs);
      wallMs += 10 * hourMs;
    }
  });

  it('says what to do when real time is wanted after accelerated time', () => {
    const wallMs = Date.UTC(2026, 0, 1);
    const demo = new DemoFolder(folder, false);
    demo.remember(demo.clock(60, wallMs), wallMs + hourMs);
    assert.throws(() => new DemoFolder(folder, false).clock(1, wallMs + 2 * hourMs), /ahead.*--fresh/);
    assert.equal(plantTime(new DemoFolder(folder, true).clock(1, wallMs), wallMs), wallMs);
  });

  it('keeps a flow that the user changed, and renews one that he did not', () => {
    const demo = new DemoFolder(folder, false);
    assert.deepEqual(demo.takeFlow('packaging-line', () => '[1]'), { file: 'packaging-line.json', kept: false });
    assert.deepEqual(demo.takeFlow('packaging-line', () => '[2]'), { file: 'packaging-line.json', kept: false });
    assert.equal(readFileSync(path.join(folder, 'packaging-line.json'), 'utf8'), '[2]');
    writeFileSync(path.join(folder, 'packaging-line.json'), '[3]');
    assert.equal(new DemoFolder(folder, false).takeFlow('packaging-line', () => '[4]').kept, true);
    assert.equal(readFileSync(path.join(folder, 'packaging-line.json'), 'utf8'), '[3]');
    assert.equal(new DemoFolder(folder, true).takeFlow('packaging-line', () => '[5]').kept, false);
  });

  it('names the flows there are', () => {
    assert.throws(() => new DemoFolder(folder, false).takeFlow('nothing'), /There is: .*packaging-line/);
  });

  it('never deletes what no demo made', () => {
    writeFileSync(path.join(folder, 'thesis.txt'), 'years of work');
    assert.throws(() => new DemoFolder(folder, true), { name: 'PlainError' });
    assert.ok(existsSync(path.join(folder, 'thesis.txt')));
  });

  it('survives a damaged record', () => {
    writeFileSync(path.join(folder, 'demo.json'), '{"plantMs": 1');
    const demo = new DemoFolder(folder, false);
    assert.match(demo.credentialSecret, /^[0-9a-f]{48}$/);
    assert.ok(existsSync(path.join(folder, 'demo.json.damaged')));
  });
});
