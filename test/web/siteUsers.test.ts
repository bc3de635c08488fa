import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryStateStore } from '../../adapters/memory/memoryStore.ts';
import { fitsPassword, hashPassword } from '../../web/passwordHash.ts';
import { LoginDelay } from '../../web/loginDelay.ts';
import { actions, loginLasts, mayDo, rights, roles } from '../../web/rights.ts';
import { newToken, SiteUsers } from '../../web/siteUsers.ts';
import { changeUsers, usersAnswer } from '../../web/usersRoutes.ts';
import { Problem } from '../../engine/problem.ts';
import type { StateStore } from '../../engine/ports.ts';

const cost = { n: 16, r: 1, p: 1 };
const hourMs = 3_600_000;

describe('rights', () => {
  it('are these', () => {
    const table = roles.map((role) => `${role}: ${actions.filter((action) => mayDo(role, action)).join(' ')}`);
    assert.deepEqual(table, [
      'viewer: read',
      'operator: read acknowledge shelve note',
      'engineer: read acknowledge shelve note teach suppress takeOutOfService',
    ]);
    for (const action of actions) assert.equal(mayDo(undefined, action), false);
  });

  it('grow with the role, and nobody is without a limit of time', () => {
    for (const action of actions) {
      const held = roles.map((role) => rights[action].includes(role));
      assert.deepEqual(held, [...held].sort((one, other) => Number(one) - Number(other)), action);
    }
    for (const role of roles) assert.ok(loginLasts[role].unusedMs < loginLasts[role].mostMs);
  });
});

describe('passwords', () => {
  it('fit themselves and nothing else, however they were typed', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), fc.string({ maxLength: 40 }), async (password, other) => {
      const stored = await hashPassword(password, cost);
      assert.ok(await fitsPassword(password.normalize('NFD'), stored));
      assert.ok(!JSON.stringify(stored).includes(JSON.stringify(password).slice(1, -1)) || password.length < 6);
      if (other.normalize('NFKC') !== password.normalize('NFKC')) assert.equal(await fitsPassword(other, stored), false);
    }), { numRuns: 60 });
  });

  it('have a salt each, and a damaged or absurdly costly hash fits nothing', async () => {
    const one = await hashPassword('the same words', cost);
    const two = await hashPassword('the same words', cost);
    assert.notEqual(one.hash, two.hash);
    assert.equal(await fitsPassword('the same words', { ...one, hash: one.hash.slice(4) }), false);
    assert.equal(await fitsPassword('the same words', { ...one, n: 2 ** 30, r: 8 }), false);
    assert.equal(await fitsPassword('the same words', { ...one, n: 15 }), false);
  });
});

describe('users of a site', () => {
  let state: StateStore;
  let nowMs: number;
  const open = (): Promise<SiteUsers> => SiteUsers.open(state, { nowMs: () => nowMs, cost });
  beforeEach(() => {
    state = new MemoryStateStore();
    nowMs = Date.UTC(2026, 10, 20);
  });

  it('are there again after a restart with their logins, and no secret is in the store', async () => {
    const users = await open();
    await users.put({ name: ' Ann ', role: 'operator', password: 'correct horse' });
    const token = newToken();
    await users.startSession('ann', token);
    const again = await open();
    assert.equal(again.session(token, false)?.name, 'Ann');
    assert.equal((await again.check('ANN', 'correct horse'))?.role, 'operator');
    assert.equal(await again.check('ann', 'correct hors'), undefined);
    assert.equal(await again.check('bob', 'correct horse'), undefined);
    const stored = JSON.stringify(await state.entries(''));
    assert.ok(!stored.includes(token) && !stored.includes('correct horse'), stored);
    assert.ok(!JSON.stringify(usersAnswer(again, { editor: false, page: false })).includes('salt'));
  });

  it('are logged out everywhere by a new password, by their removal, and each by themselves', async () => {
    const users = await open();
    await users.put({ name: 'Ann', role: 'operator', password: 'correct horse' });
    await users.put({ name: 'Bob', role: 'viewer', password: 'battery staple' });
    const [phone, desk, other] = [newToken(), newToken(), newToken()] as const;
    await users.startSession('Ann', phone);
    await users.startSession('Ann', desk);
    await users.startSession('Bob', other);
    await users.put({ name: 'Ann', role: 'engineer' });
    assert.equal(users.session(phone, false)?.role, 'engineer', 'another role holds at once and keeps the login');
    await users.endSession(phone);
    assert.equal(users.session(phone, false), undefined);
    assert.ok(users.session(desk, false));
    await users.put({ name: 'ann', role: 'engineer', password: 'another horse' });
    assert.equal(users.session(desk, false), undefined);
    assert.ok(users.session(other, false));
    await users.remove('BOB');
    assert.equal((await open()).session(other, false), undefined);
  });

  it('end a login that nobody uses, and every login at last', async () => {
    const users = await open();
    for (const role of roles) await users.put({ name: role, role, password: 'correct horse' });
    for (const role of roles) {
      const { unusedMs, mostMs } = loginLasts[role];
      const startMs = nowMs;
      const [idle, busy] = [newToken(), newToken()] as const;
      await users.startSession(role, idle);
      await users.startSession(role, busy);
      for (; nowMs <= startMs + mostMs; nowMs += unusedMs / 2) assert.ok(users.session(busy, true), `${role} ${(nowMs - startMs) / hourMs} h`);
      assert.equal(users.session(busy, true), undefined, role);
      assert.equal(users.session(idle, false), undefined, role);
    }
  });

  it('stay shut out when their entries are lost, and the page opens only when the last one is removed', async () => {
    const users = await open();
    assert.equal(users.loginNeeded, false);
    await users.put({ name: 'Ann', role: 'viewer', password: 'correct horse' });
    await state.commit([{ key: 'page/user/ann', value: { v: 1, name: 'Ann', role: 'king' } }]);
    const damaged = await open();
    assert.deepEqual(damaged.list(), []);
    assert.equal(damaged.loginNeeded, true);
    await damaged.put({ name: 'Bob', role: 'viewer', password: 'correct horse' });
    await damaged.remove('Bob');
    assert.equal(damaged.loginNeeded, false);
  });

  it('refuse what is no name, role or password', async () => {
    const users = await open();
    const code = async (given: { name: string; role: string; password?: string }): Promise<string> =>
      users.put(given).then(() => 'taken', (problem: unknown) => (problem instanceof Problem ? problem.code : String(problem)));
    assert.equal(await code({ name: ' ', role: 'viewer', password: 'correct horse' }), 'TWIN_USER_NAME');
    assert.equal(await code({ name: 'a\nb', role: 'viewer', password: 'correct horse' }), 'TWIN_USER_NAME');
    assert.equal(await code({ name: 'a', role: 'constructor', password: 'correct horse' }), 'TWIN_USER_ROLE');
    assert.equal(await code({ name: 'a', role: 'viewer', password: 'short' }), 'TWIN_USER_PASSWORD');
    assert.equal(await code({ name: 'a', role: 'viewer' }), 'TWIN_USER_PASSWORD');
    assert.equal((await changeUsers(users, { action: 'put', name: 'a', role: 'viewer' }))?.code, 'TWIN_USER_PASSWORD');
    assert.equal((await changeUsers(users, null))?.code, 'TWIN_USER_NAME');
    assert.equal(await code({ name: '__proto__', role: 'viewer', password: 'correct horse' }), 'taken');
    assert.equal(await changeUsers(users, { action: 'remove', name: '__proto__' }), undefined);
    assert.equal(users.loginNeeded, false);
  });
});

describe('guessing passwords', () => {
  it('gets slow: an hour allows few attempts on one name from one address', () => {
    const delay = new LoginDelay();
    let tried = 0;
    for (let ms = 0; ms < hourMs; ms += 100) if (delay.start('ann', 'a', ms) === 0) tried += 1;
    assert.ok(tried > 20 && tried < 80, String(tried));
  });

  it('gets slow from many addresses and on many names too', () => {
    const many = new LoginDelay();
    let tried = 0;
    for (let ms = 0; ms < hourMs; ms += 100) if (many.start('ann', `a${ms}`, ms) === 0) tried += 1;
    assert.ok(tried < 350, String(tried));
    let names = 0;
    for (let ms = 0; ms < hourMs; ms += 100) if (many.start(`n${ms}`, 'b', ms) === 0) names += 1;
    assert.ok(names < 200, String(names));
  });

  it('never locks out who has logged in from there before, and lets everybody in after a minute at most', () => {
    fc.assert(fc.property(fc.array(fc.record({ name: fc.constantFrom('ann', 'bob'), address: fc.constantFrom('a', 'b', 'c'), ms: fc.nat(3_000) }), { maxLength: 300 }), (attempts) => {
      const delay = new LoginDelay();
      assert.equal(delay.start('ann', 'desk', 0), 0);
      delay.succeeded('ann', 'desk');
      let nowMs = 0;
      for (const { name, address, ms } of attempts) {
        nowMs += ms;
        delay.start(name, address, nowMs);
      }
      assert.equal(delay.start('ann', 'desk', nowMs), 0);
      assert.ok(delay.start('bob', 'a', nowMs) <= 60_000);
      assert.equal(delay.start('bob', 'a', nowMs + 120_001), 0);
    }));
  });
});
