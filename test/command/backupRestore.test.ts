import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { isFolderOpen } from '../../adapters/sqlite/folderLock.ts';
import { markRestore } from '../../adapters/sqlite/restoreMark.ts';
import { backup, generatedSecret, lastBackupOf } from '../../command/backup.ts';
import { decryptCredentials, encryptCredentials } from '../../command/credentials.ts';
import { type Manifest, verifyBackup } from '../../command/manifest.ts';
import { restore } from '../../command/restore.ts';
import { writeArchive } from '../../command/archive.ts';
import type { Problem } from '../../engine/problem.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';
import { packageRoot } from '../../scripts/packageRoot.ts';

const older = path.join(packageRoot, 'test/fixtures/older/0.1.0');
const nowMs = Date.parse('2026-11-25T04:00:00Z');

/** A user directory with one site, an OPC UA key and passwords that are encrypted with a generated secret. */
function makeBox(folder: string): string {
  const box = path.join(folder, 'box1');
  cpSync(older, box, { recursive: true });
  mkdirSync(path.join(box, 'twinwire/opcua/own/private'), { recursive: true });
  writeFileSync(path.join(box, 'twinwire/opcua/own/private/private_key.pem'), 'not really a key');
  writeFileSync(path.join(box, '.config.runtime.json'), JSON.stringify({ _credentialSecret: 'secret of box 1' }));
  writeFileSync(path.join(box, 'flows_cred.json'), encryptCredentials({ mqtt: { password: 'pässword' } }, 'secret of box 1'));
  writeFileSync(path.join(box, 'package.json'), JSON.stringify({ dependencies: { 'node-red-contrib-x': '1.0.0' } }));
  writeFileSync(path.join(box, 'settings.js'), "module.exports = {\n  // credentialSecret: 'no',\n  uiPort: 1880 }");
  return box;
}

function rowsOf(folder: string): unknown[] {
  const database = new DatabaseSync(path.join(folder, 'twinwire/plant/site.db'), { readOnly: true });
  try {
    return database.prepare('SELECT key, value, revision FROM state ORDER BY key').all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

const codeOf = (problem: unknown): string => (problem as Problem).code;

describe('twin backup and restore', function () {
  this.timeout(60_000);
  let folder: string;
  let box: string;
  beforeEach(() => {
    folder = temporaryFolder('backup');
    box = makeBox(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('brings everything to a new box, with the rights of a key, and names no host', async () => {
    const result = await backup({ userDir: box }, nowMs);
    assert.equal(path.basename(result.file), 'twinwire-backup-20261125T040000Z.tar.gz');
    assert.equal(statSync(result.file).mode & 0o777, 0o600);
    assert.equal(result.hasPrivateKey, true);
    assert.equal(result.manifest.secret, 'included');
    assert.ok(!result.manifest.files.some(({ role }) => role === 'settings'), 'settings.js may hold passwords and was not asked for');
    assert.deepEqual(readdirSync(path.join(box, 'backups')).sort(), ['.twin-backup', path.basename(result.file)]);
    assert.deepEqual(readdirSync(path.join(box, 'backups/.twin-backup')), ['lock.db']);
    assert.equal(lastBackupOf(box)?.file, result.file);

    const target = path.join(folder, 'box2');
    const restored = await restore({ file: result.file, userDir: target }, nowMs);
    assert.deepEqual(rowsOf(target), rowsOf(box));
    assert.equal(readFileSync(path.join(target, 'flows.json'), 'utf8'), readFileSync(path.join(box, 'flows.json'), 'utf8'));
    assert.equal(readFileSync(path.join(target, 'twinwire/opcua/own/private/private_key.pem'), 'utf8'), 'not really a key');
    assert.equal(statSync(path.join(target, 'twinwire/opcua/own/private/private_key.pem')).mode & 0o777, 0o600);
    // A new box has no secret: it takes that of the old one, which Node-RED reads at its start.
    assert.equal(generatedSecret(target), 'secret of box 1');
    assert.deepEqual(restored.missingModules, ['node-red-contrib-x']);
    assert.deepEqual(restored.aside, []);
    assert.equal(existsSync(path.join(target, '.twin-restore')), false);
    const store = openSiteStore(path.join(target, 'twinwire/plant'));
    assert.deepEqual(store.problems, []);
    await store.close();
    // tar itself can read it.
    const listed = spawnSync('tar', ['tzf', result.file], { encoding: 'utf8' });
    if (listed.error === undefined) assert.ok(listed.stdout.includes('sites/1/site.db'), listed.stderr);
  });

  it('gives the passwords the secret that the new box has made for itself', async () => {
    const { file } = await backup({ userDir: box }, nowMs);
    const target = path.join(folder, 'box2');
    mkdirSync(target);
    writeFileSync(path.join(target, '.config.runtime.json'), JSON.stringify({ _credentialSecret: 'secret of box 2' }));
    const { notes } = await restore({ file, userDir: target }, nowMs);
    assert.deepEqual(notes, []);
    const text = readFileSync(path.join(target, 'flows_cred.json'), 'utf8');
    assert.deepEqual(decryptCredentials(text, 'secret of box 2'), { mqtt: { password: 'pässword' } });
    assert.equal(decryptCredentials(text, 'secret of box 1'), undefined);
  });

  it('is a consistent copy of a store that another process writes all the time, and loses nothing that was on disk before', async () => {
    const place = path.join(box, 'twinwire/plant');
    const program = `import { openSiteStore } from ${JSON.stringify(path.join(packageRoot, 'adapters/sqlite/siteStore.ts'))};
      const store = openSiteStore(${JSON.stringify(place)});
      for (let n = 1; ; n++) {
        await store.state.commit([{ key: 'test/a', value: n }, { key: 'test/b', value: n }]);
        await store.outbox.add('t', [{ idempotencyKey: String(n), body: 'x' }], n);
        process.stdout.write(n + '\\n');
      }`;
    writeFileSync(path.join(folder, 'writer.mjs'), program);
    const writer = spawn(process.execPath, [path.join(folder, 'writer.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(writer, 'close');
    let written = 0;
    writer.stdout.on('data', (chunk: Buffer) => (written = Number(chunk.toString().trim().split('\n').at(-1))));
    try {
      while (written < 20 && writer.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(isFolderOpen(place), true);
      for (let round = 0; round < 3; round++) {
        const before = written;
        const { file } = await backup({ userDir: box }, nowMs + round * 1000);
        const target = path.join(folder, `copy${round}`);
        await restore({ file, userDir: target }, nowMs);
        const store = openSiteStore(path.join(target, 'twinwire/plant'));
        const [a, b] = [await store.state.get('test/a'), await store.state.get('test/b')];
        const { records } = await store.outbox.depth('t');
        await store.close();
        assert.equal(a?.value, b?.value, 'half a transaction was copied');
        assert.ok((a?.value as number) >= before, `${String(a?.value)} < ${before}`);
        // The outbox is copied after the state: a delivery may come twice, never be missing.
        assert.ok(records >= (a?.value as number) - 1, `${records} records, state ${String(a?.value)}`);
      }
      assert.equal(isFolderOpen(place), true, 'the writer was disturbed');
    } finally {
      writer.kill('SIGKILL');
      await ended;
    }
  });

  it('refuses every damaged, cut or foreign file in a sentence, and touches nothing', async () => {
    const { file } = await backup({ userDir: box }, nowMs);
    const whole = readFileSync(file);
    const target = path.join(folder, 'box2');
    cpSync(older, target, { recursive: true });
    const before = snapshotOf(target);
    const broken = path.join(folder, 'broken.tar.gz');
    const attempt = async (bytes: Buffer, what: string): Promise<void> => {
      writeFileSync(broken, bytes);
      const problem: unknown = await restore({ file: broken, userDir: target, replace: true }, nowMs).then(() => undefined, (error: unknown) => error);
      assert.ok(['TWIN_BACKUP_DAMAGED', 'TWIN_BACKUP_FOREIGN'].includes(codeOf(problem)), `${what}: ${String(problem)}`);
    };
    const lengths = [0, 1, 10, 300, Math.floor(whole.length / 2), whole.length - 8, whole.length - 1];
    for (const length of lengths) await attempt(whole.subarray(0, length), `cut to ${length}`);
    await attempt(Buffer.from('{"not":"a backup"}'), 'JSON');
    assert.deepEqual(snapshotOf(target), before);

    // A flipped bit anywhere is either found or harmless: gzip's own header holds a time and a name of a system, and some bits are only there to fill a byte.
    const unpacked = gunzipSync(whole);
    const unchanged: number[] = [];
    for (let at = 0; at < whole.length; at += at < 40 ? 1 : 211) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      writeFileSync(broken, flipped);
      const problem: unknown = await verifyBackup(broken).then(() => undefined, (error: unknown) => error);
      if (problem === undefined && !gunzipSync(flipped).equals(unpacked)) unchanged.push(at);
      else if (problem !== undefined) assert.ok(['TWIN_BACKUP_DAMAGED', 'TWIN_BACKUP_FOREIGN'].includes(codeOf(problem)), `byte ${at}: ${String(problem)}`);
    }
    assert.deepEqual(unchanged, [], 'not found, and unpacked to something else');
  });

  it('refuses a backup and a store of a newer version, and names that would leave the folder', async () => {
    const target = path.join(folder, 'box2');
    const archive = path.join(folder, 'made.tar.gz');
    const make = async (changes: Record<string, unknown>): Promise<void> => {
      const manifest = { kind: 'twinwire-backup', format: 1, sites: [], files: [], created: '2026-11-25', ...changes };
      const text = JSON.stringify(manifest);
      rmSync(archive, { force: true });
      await writeArchive(archive, [{ name: 'manifest.json', bytes: Buffer.byteLength(text), mode: 0o600, content: { text } }], nowMs);
    };
    await make({ format: 2 });
    await assert.rejects(restore({ file: archive, userDir: target }, nowMs), { code: 'TWIN_BACKUP_NEWER' });
    for (const name of ['../x', '/etc/x', 'a/../../x', 'a\\..\\x', 'c:/x', 'a//b', '.', 'a/./b']) {
      await make({ files: [{ path: name, role: 'site', bytes: 0, sha256: '', mode: 0o600 }] });
      await assert.rejects(restore({ file: archive, userDir: target }, nowMs), { code: 'TWIN_BACKUP_FOREIGN' }, name);
    }
    const database = new DatabaseSync(path.join(box, 'twinwire/plant/site.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    const { file } = await backup({ userDir: box }, nowMs);
    await assert.rejects(restore({ file, userDir: target }, nowMs), { code: 'TWIN_STORE_NEWER' });
    assert.equal(existsSync(path.join(target, 'flows.json')), false);
    assert.equal(existsSync(path.join(target, 'twinwire')), false);
  });

  it('moves aside what is there, and only when it is told to', async () => {
    const { file } = await backup({ userDir: box }, nowMs);
    const target = path.join(folder, 'box2');
    cpSync(older, target, { recursive: true });
    writeFileSync(path.join(target, 'flows.json'), '[{"id":"mine","type":"debug"}]');
    writeFileSync(path.join(target, 'settings.js'), 'module.exports = {}');
    await assert.rejects(restore({ file, userDir: target }, nowMs), { code: 'TWIN_RESTORE_NOT_EMPTY' });
    const { aside } = await restore({ file, userDir: target, replace: true }, nowMs);
    assert.equal(aside.length, 2);
    assert.equal(readFileSync(path.join(target, 'before-restore-20261125T040000Z/flows.json'), 'utf8'), '[{"id":"mine","type":"debug"}]');
    assert.ok(existsSync(path.join(target, 'twinwire/plant/before-restore-20261125T040000Z/site.db')));
    assert.equal(readFileSync(path.join(target, 'settings.js'), 'utf8'), 'module.exports = {}');
    const again = await restore({ file, userDir: target, replace: true }, nowMs);
    assert.ok(again.aside.every((place) => place.endsWith('Z-2')), again.aside.join());
    assert.equal(readFileSync(path.join(target, 'before-restore-20261125T040000Z/flows.json'), 'utf8'), '[{"id":"mine","type":"debug"}]');
  });

  it('keeps so many, never deletes for an incomplete one, and never replaces a file', async () => {
    const to = path.join(folder, 'stick');
    mkdirSync(to);
    writeFileSync(path.join(to, 'holiday.tar.gz'), 'mine');
    for (let day = 0; day < 4; day++) await backup({ userDir: box, to, keep: 2 }, nowMs + day * 86_400_000);
    const kept = (): string[] => readdirSync(to).filter((name) => name.startsWith('twinwire')).sort();
    assert.deepEqual(kept(), ['twinwire-backup-20261127T040000Z.tar.gz', 'twinwire-backup-20261128T040000Z.tar.gz']);
    assert.equal(readFileSync(path.join(to, 'holiday.tar.gz'), 'utf8'), 'mine');
    await assert.rejects(backup({ userDir: box, to: path.join(to, 'holiday.tar.gz') }, nowMs), { code: 'TWIN_BACKUP_EXISTS' });
    await assert.rejects(backup({ userDir: box, to: path.join(to, 'x.tar.gz'), keep: 2 }, nowMs), { code: 'TWIN_BACKUP_KEEP' });

    // A history full of rubbish: the rest is saved, the loss is said, and the good backups stay.
    const history = path.join(box, 'twinwire/plant/history.db');
    const bytes = readFileSync(history);
    bytes.fill(0x5a, 4096);
    writeFileSync(history, bytes);
    const { manifest } = await backup({ userDir: box, to, keep: 1 }, nowMs + 5 * 86_400_000);
    assert.deepEqual(manifest.leftOut, ['twinwire/plant/history.db']);
    assert.equal(kept().length, 3);
  });

  it('two at once: the second says so; what a killed one left is gone with the next', async () => {
    const to = path.join(folder, 'stick');
    mkdirSync(path.join(to, '.twin-backup'), { recursive: true });
    writeFileSync(path.join(to, '.twin-backup/archive'), 'half a file');
    const results = await Promise.allSettled([backup({ userDir: box, to }, nowMs), backup({ userDir: box, to }, nowMs)]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(codeOf(results.find((result) => result.status === 'rejected')?.reason), 'TWIN_BACKUP_RUNNING');
    assert.deepEqual(readdirSync(path.join(to, '.twin-backup')), ['lock.db']);
  });

  it('leaves nothing under the final name when it is killed at any moment', async () => {
    const to = path.join(folder, 'stick');
    const command = fileURLToPath(new URL('../../command/twin.ts', import.meta.url));
    for (const delayMs of [120, 160, 200]) {
      const child = spawn(process.execPath, [command, 'backup', '--user-dir', box, '--to', to], { stdio: 'ignore' });
      const ended = once(child, 'close');
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill('SIGKILL');
      await ended;
      for (const name of existsSync(to) ? readdirSync(to).filter((one) => one.endsWith('.tar.gz')) : []) await verifyBackup(path.join(to, name));
    }
    await verifyBackup((await backup({ userDir: box, to }, nowMs)).file);
  });

  it('a restore that is killed at any moment leaves the former plant, the new one, or a folder that nobody opens by mistake', async () => {
    const command = fileURLToPath(new URL('../../command/twin.ts', import.meta.url));
    const { file } = await backup({ userDir: box }, nowMs);
    const target = path.join(folder, 'box2');
    cpSync(older, target, { recursive: true });
    const place = path.join(target, 'twinwire/plant');
    const wanted = rowsOf(box);
    const mark = path.join(place, 'restore.json');
    let halves = 0;
    for (let round = 0; round < 3; round++) {
      rmSync(mark, { force: true });
      const child = spawn(process.execPath, [command, 'restore', file, '--user-dir', target, '--replace'], { stdio: 'ignore' });
      const ended = once(child, 'close');
      // Without a pause: the exchange takes some milliseconds.
      while (child.exitCode === null && !existsSync(mark)) await new Promise((resolve) => setImmediate(resolve));
      child.kill('SIGKILL');
      await ended;
      if (existsSync(mark)) halves++;
      if (existsSync(mark)) assert.throws(() => openSiteStore(place), { code: 'TWIN_RESTORE_UNFINISHED' });
      else assert.deepEqual(rowsOf(target), wanted);
    }
    assert.ok(halves > 0, 'no restore was met in the middle');
    await restore({ file, userDir: target, replace: true }, nowMs);
    assert.deepEqual(rowsOf(target), wanted);
    await openSiteStore(place).close();
    // What was there is still there, in one of the folders beside it.
    assert.ok(readdirSync(place).some((name) => name.startsWith('before-restore-')));
  });

  it('a full disk ends in a sentence and leaves nothing', async function () {
    const disk = path.join(folder, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=17m', 'tmpfs', disk]).status !== 0) {
      const { skip } = await import('../skip.ts');
      skip(this, 'a small file system cannot be mounted here');
    }
    try {
      writeFileSync(path.join(disk, 'filler'), Buffer.alloc(1024 * 1024));
      await assert.rejects(backup({ userDir: box, to: path.join(disk, 'backups') }, nowMs), { code: 'TWIN_DISK_FULL' });
      assert.deepEqual(readdirSync(path.join(disk, 'backups')), ['.twin-backup']);
      assert.equal(lastBackupOf(box), undefined);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it('wrong folders are told: none, no flow, no site, an unreadable flow', async () => {
    await assert.rejects(backup({ userDir: path.join(folder, 'nowhere') }, nowMs), { code: 'TWIN_USER_DIR' });
    const empty = path.join(folder, 'empty');
    mkdirSync(empty);
    await assert.rejects(backup({ userDir: empty }, nowMs), { code: 'TWIN_FLOW_MISSING' });
    writeFileSync(path.join(empty, 'flows.json'), '[]');
    await assert.rejects(backup({ userDir: empty }, nowMs), { code: 'TWIN_BACKUP_NO_SITES' });
    writeFileSync(path.join(empty, 'flows.json'), '{');
    await assert.rejects(backup({ userDir: empty }, nowMs), { code: 'TWIN_FLOW_UNREADABLE' });
  });

  it('a site that holds its folder is not overrun, and a half-restored folder is not opened', async () => {
    const { file } = await backup({ userDir: box }, nowMs);
    const place = path.join(box, 'twinwire/plant');
    // A store without a twin-site around it never gives way.
    const store = openSiteStore(place);
    await assert.rejects(restore({ file, userDir: box, replace: true, closeWithinMs: 300 }, nowMs), { code: 'TWIN_RESTORE_BUSY' });
    assert.equal(existsSync(path.join(place, 'restore.json')), false, 'the mark was left');
    assert.equal((await store.state.entries('asset/')).length, 2);
    await store.close();
    markRestore(place, nowMs);
    assert.throws(() => openSiteStore(place), { code: 'TWIN_RESTORE_UNFINISHED' });
    assert.equal(isFolderOpen(place), false);
    const again: Manifest = (await restore({ file, userDir: box, replace: true }, nowMs)).manifest;
    assert.equal(again.sites.length, 1);
    await openSiteStore(place).close();
  });
});

/** Names, sizes and bytes of everything under a folder. */
function snapshotOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => path.join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(file).toString('latin1')]));
}
