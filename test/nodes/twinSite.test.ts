import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { TwinMessage } from '../../contract/messages.ts';
import { codeOf, plantFlow } from './plantFlow.ts';
import type { StartedFlow } from './startFlow.ts';
import { startFlow } from './startFlow.ts';

describe('twin-site', () => {
  let run: StartedFlow;
  let userDir = '';
  beforeEach(() => {
    userDir = mkdtempSync(path.join(tmpdir(), 'twinwire-site-'));
  });
  afterEach(async () => {
    await run.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function start(site: Record<string, unknown> = {}): Promise<void> {
    run = await startFlow(plantFlow({ site }), { userDir });
  }
  const sent = (): TwinMessage[] => run.received('asset-out') as unknown as TwinMessage[];

  it('without a name has a folder of its own all the same', async () => {
    await start({ name: '' });
    run.node('asset').receive({ payload: { current: 1 } });
    await run.until(() => sent().length === 1, 'a message');
    assert.ok(existsSync(path.join(userDir, 'twinwire', 'site', 'site.db')));
    assert.deepEqual(run.warnings(), []);
  });

  it('asked for its users or its outbox while its store opens, answers once it is open', async () => {
    await start();
    const answers = await Promise.all([
      run.admin('GET', '/twinwire/site/site/users'), run.admin('GET', '/twinwire/site/site/outbox'), run.admin('GET', '/twinwire/site/nobody/users'),
    ]);
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 404]);
  });

  it('with a hostile name stays inside the user directory', async () => {
    await start({ name: '../../etc/passwd' });
    run.node('asset').receive({ payload: { current: 1 } });
    await run.until(() => sent().length === 1, 'a message');
    assert.equal(existsSync(path.join(userDir, '..', '..', 'etc', 'passwd', 'site.db')), false);
    assert.ok(existsSync(path.join(userDir, 'twinwire')));
  });

  it('says who holds its folder, and opens it once that is gone', async () => {
    const folder = path.join(userDir, 'twinwire', 'plant');
    const holder = openSiteStore(folder);
    try {
      await start();
      run.node('asset').receive({ payload: { current: 1 } });
      await run.until(() => run.received('caught').length === 1, 'caught');
      assert.equal(codeOf(run.received('caught')[0]), 'TWIN_STORE_LOCKED');
      await run.until(() => run.statuses('site').at(-1)?.fill === 'red', 'the status');
      assert.ok(run.warnings().some((text) => text.includes('TWIN_STORE_LOCKED') && text.includes(folder)), run.warnings().join());
    } finally {
      await holder.close();
    }
    await run.deploy(plantFlow({ site: { language: 'de' } }), 'full');
    run.node('asset').receive({ payload: { current: 2 } });
    await run.until(() => sent().length === 1, 'a message');
  });

  it('serves its page as long as it is there, and says so when there is none', async () => {
    await start();
    run.node('asset').receive({ payload: { current: 1 } });
    await run.until(() => sent().length === 1, 'a message');
    const pageOf = async (): Promise<number> => (await run.page('/twin/api/overview')).status;
    assert.equal(await pageOf(), 200);
    // Deployed several times, it is mounted once and still answers with the machine.
    for (const language of ['de', 'en-US', 'de']) await run.deploy(plantFlow({ site: { language } }), 'full');
    run.node('asset').receive({ payload: { current: 2 } });
    await run.until(() => sent().length === 2, 'the next message');
    assert.equal(await pageOf(), 200);
    const overview = (await run.page('/twin/api/overview')).text;
    assert.equal(overview.split('"Pump 1"').length, 2, overview);
    await run.deploy([{ id: 'tab', type: 'tab', label: 'plant' }], 'full');
    assert.ok((await pageOf()) < 500);
  });

  it('with an accelerated clock takes the plant\'s times for what they are', async () => {
    const originMs = Date.now();
    await start({ clock: 'accelerated', clockRate: '600', clockOrigin: String(originMs) });
    for (let index = 0; index < 10; index++) {
      run.node('asset').receive({ payload: { current: index }, timestamp: originMs + (Date.now() - originMs) * 600 });
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await run.until(() => sent().length === 10, 'ten messages');
    assert.ok(sent().every((message) => message.historical === undefined));
    const clock = run.received('events').filter((message) => (message['event'] as { kind: string }).kind === 'clock');
    assert.deepEqual(clock, []);
  });

  it('with a clock that cannot be read says so and runs', async () => {
    await start({ clock: 'accelerated', clockRate: 'fast', clockOrigin: 'once upon a time' });
    run.node('asset').receive({ payload: { current: 1 } });
    await run.until(() => sent().length === 1, 'a message');
    const text = run.warnings().join('\n');
    assert.match(text, /TWIN_CLOCK_RATE/);
    assert.match(text, /TWIN_CLOCK_ORIGIN/);
  });

  it('may be closed while it is still opening', async () => {
    for (let round = 0; round < 5; round++) {
      run = await startFlow(plantFlow(), { userDir });
      run.node('asset').receive({ payload: { current: round } });
      await run.stop();
    }
    await start();
    run.node('asset').receive({ payload: { speed: 1 } });
    await run.until(() => sent().length === 1, 'a message');
    assert.equal(sent()[0]?.payload['current'], 4, 'the last value that was received before a stop');
  });
});
