import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import type { Finding } from '../../command/check.ts';
import { isAtLeast } from '../../command/check.ts';
import { adminUrl, editorLetsIn, reloadFlows } from '../../command/nodeRedAdmin.ts';
import type { Status } from '../../command/status.ts';
import { fill, findingTexts, help, languageOf, lookTexts, noteTexts, problemsInGerman, said, siteStates } from '../../command/texts.ts';
import { runTwin } from '../../command/twin.ts';
import type { UserDirectory } from '../../command/userDirectory.ts';
import { readUserDirectory } from '../../command/userDirectory.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';

async function twin(...given: string[]): Promise<{ code: number; out: string; error: string }> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runTwin(given, { out: (text) => out.push(text), error: (text) => error.push(text) }, { LANG: 'C' });
  return { code, out: out.join('\n'), error: error.join('\n') };
}

describe('the command twin', function () {
  this.timeout(30_000);
  let folder: string;
  let box: string;
  beforeEach(() => {
    folder = temporaryFolder('command');
    box = path.join(folder, 'box');
    cpSync(path.join(packageRoot, 'test/fixtures/older/0.1.0'), box, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('tells mistakes in a sentence, in the language of the reader', async () => {
    assert.deepEqual((await twin()).code, 0);
    assert.match((await twin('help')).out, /twin backup/);
    assert.match((await twin('help', '--language', 'de')).out, /Sicherung/);
    const mistakes = [
      ['frobnicate'], ['toString'], ['status', '--keep', '2'], ['backup', '--keep', '0'], ['backup', '--keep', '1e3'], ['restore'], ['status', 'x'],
      ['--nonsense'], ['status', '--language', 'fr'], ['backup', 'a.tar.gz'], ['restore', 'a', 'b'], ['backup', '--to'],
    ];
    for (const wrong of mistakes) {
      const { code, error } = await twin(...wrong);
      assert.equal(code, 2, wrong.join(' '));
      assert.match(error, /^TWIN_COMMAND: .+ See twin help\.$/, wrong.join(' '));
    }
    const german = await twin('backup', '--user-dir', path.join(folder, 'nowhere'), '--language=de');
    assert.match(german.error, /^TWIN_USER_DIR: Den Ordner .+ gibt es nicht\./);
    assert.equal(languageOf(undefined, { LANG: 'de_AT.UTF-8' }), 'de');
    assert.equal(languageOf(undefined, { LANG: 'de_DE', LC_ALL: 'C' }), 'en');
    assert.equal(languageOf('de-DE', {}), 'de');
  });

  it('has every text in both languages, with the same values in it', () => {
    const pairs = [help, ...[said, siteStates, lookTexts, noteTexts, findingTexts].flatMap((texts) => Object.values<readonly [string, string]>(texts))];
    assert.ok(pairs.length > 90, `${pairs.length} texts`);
    const values = (text: string): string[] => [...new Set([...text.matchAll(/\{\w+\}/g)].map(String))].sort();
    for (const [en, de] of pairs) {
      assert.ok(en !== '' && de !== '');
      assert.deepEqual(values(en), values(de), `${en} / ${de}`);
    }
    for (const [code, text] of Object.entries(problemsInGerman)) assert.ok(code.startsWith('TWIN_') && text.length > 20, code);
    assert.equal(fill(['{a}', '{a}'], 'en', { a: 'x\u001b[31m\ny' }), 'x [31m y');
  });

  it('status says what each machine has learned, and 0, 1 or 2', async () => {
    const stopped = await twin('status', '--user-dir', box);
    assert.equal(stopped.code, 1);
    assert.match(stopped.out, /Plant: not running\n {2}Pump 1 {2}armed; CASE M open since .+: current\n {2}Pump 2 {2}/);
    assert.match((await twin('status', '--user-dir', box, '--language', 'de')).out, /Pump 1 {2}scharf; FALL M offen seit/);

    const place = path.join(box, 'twinwire/plant');
    const store = openSiteStore(place);
    const entry = await store.state.get('asset/pump1');
    const value = entry?.value as { cases: { open: unknown } };
    await store.state.commit([{ key: 'asset/pump1', value: { ...value, cases: { ...value.cases, open: null } } as never }]);
    await store.outbox.add('broker', [{ idempotencyKey: '1', body: 'x' }], Date.now() - 3_600_000);
    await twin('backup', '--user-dir', box);
    const late = JSON.parse((await twin('status', '--user-dir', box, '--json')).out) as Status;
    assert.deepEqual(late.look.map(({ about }) => about), ['outbox']);
    assert.equal(late.sites[0]?.outbox[0]?.waiting, 1);
    assert.match((await twin('status', '--user-dir', box)).out, /broker: 1 wait to be delivered, the oldest for 60 min/);
    await store.outbox.confirm('broker', [1]);
    // What is settled is written down every 100 ms.
    await new Promise((resolve) => setTimeout(resolve, 250));
    const fine = await twin('status', '--user-dir', box);
    assert.equal(fine.code, 0, fine.out);
    assert.match(fine.out, /All is well\.$/);
    await store.close();

    writeFileSync(path.join(place, 'site.db'), 'this is no database, but it is long enough to be looked at'.repeat(20));
    const damaged = await twin('status', '--user-dir', box);
    assert.equal(damaged.code, 2, damaged.out);
    writeFileSync(path.join(box, 'flows.json'), '[]');
    assert.equal((await twin('status', '--user-dir', box)).code, 2);
  });

  it('check finds each planted trouble, and none where there is none', async () => {
    const find = async (...more: string[]): Promise<Map<string, Finding>> => {
      const { out } = await twin('check', '--user-dir', box, '--json', ...more);
      return new Map((JSON.parse(out) as { findings: Finding[] }).findings.map((finding) => [finding.code, finding]));
    };
    chmodSync(box, 0o700);
    const types = ['twin-site', 'twin-type', 'twin-asset', 'twin-link', 'twin-baseline', 'twin-anomaly', 'twin-alert', 'debug'];
    const modules = (version: string, given: string[]): string => JSON.stringify({ 'node-red': { version, nodes: { all: { types: given } } } });
    writeFileSync(path.join(box, '.config.nodes.json'), modules('5.0.7', types));
    const place = path.join(box, 'twinwire/plant');
    const store = openSiteStore(place);
    await twin('backup', '--user-dir', box);
    const fine = await find();
    // Whether the clock is set by the network, and whether an editor happens to answer here, are this computer's own affair.
    const own = new Set(['timeNotSynced', 'timeUnknown', 'timeSynced', 'editorUnknown', 'editorClosed', 'editorOpen', 'spaceLow']);
    assert.deepEqual([...fine.values()].filter(({ code, verdict }) => verdict !== 'ok' && !own.has(code)), []);
    assert.ok(fine.has('running') && fine.has('databaseWhole') && fine.has('backupWhole'));
    await store.close();

    const flow = readUserDirectory(box).nodes;
    const pump = flow.find(({ id }) => id === 'asset');
    const more = [{ ...pump, id: 'again' }, { ...pump, id: 'lost', key: 'x', site: 'gone' }, { id: 's2', type: 'twin-site', name: 'plant' }];
    writeFileSync(path.join(box, 'flows.json'), JSON.stringify([...flow, ...more]));
    writeFileSync(path.join(box, '.config.nodes.json'), modules('3.1.0', types.slice(1)));
    writeFileSync(path.join(box, '.config.runtime.json'), '{}');
    writeFileSync(path.join(place, 'outbox-t.0000000000000001.log.damaged-20261101T000000Z'), '');
    writeFileSync(path.join(place, 'restore.json'), '{}');
    chmodSync(box, 0o755);
    chmodSync(path.join(box, '.config.runtime.json'), 0o644);
    const newer = new DatabaseSync(path.join(place, 'outbox.db'));
    newer.exec('PRAGMA user_version = 77');
    newer.close();
    writeFileSync(path.join(place, 'history.db'), 'rubbish'.repeat(1000));
    const troubled = await find();
    const expected = [
      'nodeRedOld', 'typeMissing', 'referenceMissing', 'keyTwice', 'folderTwice', 'restoring', 'databaseNewer', 'databaseDamaged', 'setAside', 'othersMayRead',
    ];
    for (const code of expected) assert.equal(troubled.get(code)?.verdict, 'look', code);
    mkdirSync(path.join(folder, 'stick'));
    writeFileSync(path.join(folder, 'stick/bad.tar.gz'), 'nothing');
    assert.equal((await find(path.join(folder, 'stick/bad.tar.gz'))).get('backupBad')?.verdict, 'look');
    assert.equal((await twin('check', '--user-dir', box)).code, 1);
    assert.deepEqual([isAtLeast('22.12.9', [22, 13]), isAtLeast('22.13.0', [22, 13]), isAtLeast('24.0.0', [22, 13]), isAtLeast('5.0.7-git', [4, 1])], [false, true, true, true]);
  });

  it('logs in where the editor asks for it, and says so when it cannot', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push(request.headers['node-red-deployment-type'] as string | undefined);
        const isLogin = request.url === '/red/auth/token';
        const isRight = isLogin ? body.includes('"password":"right"') : request.headers.authorization === 'Bearer abc';
        response.statusCode = isRight ? 200 : 401;
        response.end(isLogin && isRight ? '{"access_token":"abc"}' : '{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/red`;
    assert.equal(await reloadFlows(url, {}), 'login needed');
    assert.equal(await reloadFlows(url, { user: 'admin', password: 'wrong' }), 'login needed');
    assert.equal(await reloadFlows(url, { user: 'admin', password: 'right' }), 'reloaded');
    assert.deepEqual(seen.filter((type) => type !== undefined), ['reload', 'reload']);
    assert.equal(await editorLetsIn(url), false);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await reloadFlows(url, {}), 'not reachable');
    assert.equal(await editorLetsIn(url), undefined);
  });

  it('finds flow, site folders and port without running a line of the settings', () => {
    writeFileSync(path.join(box, 'settings.js'), `process.exit(3);
      /* flowFile: 'no.json', */
      // flowFile: 'neither.json',
      module.exports = { flowFile: 'mine.json', uiPort: process.env.PORT || 1881, httpAdminRoot: '/red' }`);
    process.env['TWIN_TEST_FOLDER'] = path.join(folder, 'elsewhere');
    try {
      writeFileSync(path.join(box, 'mine.json'), JSON.stringify([
        { id: 'a', type: 'twin-site', name: 'Süd 1' }, { id: 'b', type: 'twin-site', name: 'B', folder: '${TWIN_TEST_FOLDER}' },
        { id: 'c', type: 'twin-site', name: 'C', folder: '${TWIN_TEST_NOT_SET}' }, { id: 'd', type: 'twin-site', name: '' }, 7, null,
      ]));
      const directory: UserDirectory = readUserDirectory(box);
      assert.deepEqual(directory.sites.map((site) => path.relative(folder, site.folder)), ['box/twinwire/sued-1', 'elsewhere', 'box/twinwire/site']);
      assert.equal(adminUrl(directory, undefined), 'http://127.0.0.1:1881/red');
      assert.equal(path.basename(directory.credentialsFile), 'mine_cred.json');
    } finally {
      delete process.env['TWIN_TEST_FOLDER'];
    }
  });
});
