import { createHash, randomBytes } from 'node:crypto';
import { Problem } from '../engine/problem.ts';
import type { Json, StateStore } from '../engine/ports.ts';
import type { PageRole } from '../contract/http.ts';
import { fitsPassword, hashPassword, usualCost, type PasswordCost, type PasswordHash } from './passwordHash.ts';
import { loginLasts, roles } from './rights.ts';

export interface SiteUser {
  name: string;
  role: PageRole;
  /** ms UTC of the last change of role or password. */
  changedMs: number;
}

export interface SiteUsersOptions {
  /** ms UTC by the wall clock: a login lasts so many hours of people's time, however fast the site's clock runs. */
  nowMs: () => number;
  /** Default: `usualCost`. Tests take a cheap one. */
  cost?: PasswordCost;
  /** Told when a login could not be written down; it holds until the next start all the same. */
  onProblem?: (problem: unknown) => void;
}

interface StoredUser extends SiteUser {
  password: PasswordHash;
}

interface Session {
  /** Key of the user. */
  user: string;
  startedMs: number;
  usedMs: number;
  writtenMs: number;
}

export const mostUsers = 200;
export const mostNameCharacters = 80;
export const fewestPasswordCharacters = 8;
export const mostPasswordCharacters = 200;
const mostSessions = 500;
const writeUseEveryMs = 5 * 60_000;

const userPrefix = 'page/user/';
const sessionPrefix = 'page/session/';
/** Says that a login is needed, even if the entries of the users should be damaged: then nobody gets in, rather than everybody. */
const markerKey = 'page/login';

/**
 * The people who may use a site's page, and their logins, in the site's store. Passwords are kept as scrypt hashes, logins
 * as the hash of a random number that only the browser knows. Neither leaves this class.
 * Reading is synchronous: everything is in memory after `openSiteUsers`.
 */
export class SiteUsers {
  readonly #state: StateStore;
  readonly #options: SiteUsersOptions;
  readonly #users = new Map<string, StoredUser>();
  readonly #sessions = new Map<string, Session>();
  readonly #listeners = new Set<() => void>();
  #loginNeeded = false;
  #decoy: Promise<PasswordHash> | undefined;

  private constructor(state: StateStore, options: SiteUsersOptions) {
    this.#state = state;
    this.#options = options;
  }

  static async open(state: StateStore, options: SiteUsersOptions): Promise<SiteUsers> {
    const users = new SiteUsers(state, options);
    await users.#load();
    return users;
  }

  /** Whether anybody was ever entered and not taken out again; without, the page asks for no login. */
  get loginNeeded(): boolean {
    return this.#loginNeeded;
  }

  /** By name. */
  list(): SiteUser[] {
    return [...this.#users.values()]
      .map(({ name, role, changedMs }) => ({ name, role, changedMs }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /**
   * Adds a user, or changes role and password of the one of this name (upper and lower case are the same). A new password
   * ends all logins of that user.
   * @param given without `password`: the present one stays
   * @throws Problem TWIN_USER_NAME, TWIN_USER_ROLE, TWIN_USER_PASSWORD, TWIN_USERS_FULL
   */
  async put(given: { name: string; role: string; password?: string }): Promise<SiteUser> {
    const name = given.name.normalize('NFC').trim();
    if (name === '' || name.length > mostNameCharacters || /\p{Cc}/u.test(name)) {
      throw new Problem('TWIN_USER_NAME', 'This is no name for a user.', `Use 1 to ${mostNameCharacters} characters on one line.`);
    }
    const role = roles.find((one) => one === given.role);
    if (role === undefined) throw new Problem('TWIN_USER_ROLE', 'There is no such role.', `Choose one of ${roles.join(', ')}.`, { role: given.role.slice(0, 40) });
    const key = userKey(name);
    const { password } = given;
    const present = this.#users.get(key);
    if (password !== undefined || present === undefined) expectLength(password ?? '');
    if (present === undefined && this.#users.size >= mostUsers) {
      throw new Problem('TWIN_USERS_FULL', `There are ${mostUsers} users already.`, 'Remove some first.');
    }
    const hash = password === undefined ? present?.password : await hashPassword(password, this.#options.cost);
    if (hash === undefined) throw new Problem('TWIN_USER_PASSWORD', 'A new user needs a password.', 'Enter one.');
    const user: StoredUser = { name, role, changedMs: this.#options.nowMs(), password: hash };
    await this.#keep(key, user, password !== undefined);
    return { name, role, changedMs: user.changedMs };
  }

  /**
   * A person changes their own password; it ends all logins of theirs, also the one it is done from.
   * @returns false: the current one does not fit
   * @throws Problem TWIN_USER_PASSWORD
   */
  async changePassword(name: string, current: string, next: string): Promise<boolean> {
    expectLength(next);
    const key = userKey(name);
    const before = this.#users.get(key)?.password;
    if (before === undefined || (await this.check(name, current)) === undefined) return false;
    const hash = await hashPassword(next, this.#options.cost);
    const present = this.#users.get(key);
    // Removed or given another password meanwhile: that holds.
    if (present?.password !== before) return false;
    await this.#keep(key, { ...present, changedMs: this.#options.nowMs(), password: hash }, true);
    return true;
  }

  async #keep(key: string, user: StoredUser, endsLogins: boolean): Promise<void> {
    const ended = endsLogins ? this.#sessionsOf(key) : [];
    await this.#state.commit([
      { key: markerKey, value: { v: 1 } },
      { key: userPrefix + key, value: { v: 1, ...user } as unknown as Json },
      ...ended.map((id) => ({ key: sessionPrefix + id, value: null })),
    ]);
    this.#users.set(key, user);
    this.#loginNeeded = true;
    for (const id of ended) this.#sessions.delete(id);
    this.#tell();
  }

  /** Removes a user and ends their logins; with the last one the page asks for no login any more. @returns false: there is none of this name */
  async remove(name: string): Promise<boolean> {
    const key = userKey(name);
    if (!this.#users.has(key)) return false;
    const ended = this.#sessionsOf(key);
    const last = this.#users.size === 1;
    await this.#state.commit([
      { key: userPrefix + key, value: null },
      ...(last ? [{ key: markerKey, value: null }] : []),
      ...ended.map((id) => ({ key: sessionPrefix + id, value: null })),
    ]);
    this.#users.delete(key);
    for (const id of ended) this.#sessions.delete(id);
    if (this.#users.size === 0) this.#loginNeeded = false;
    this.#tell();
    return true;
  }

  /** Takes as long for a name that does not exist as for a wrong password. */
  async check(name: string, password: string): Promise<SiteUser | undefined> {
    const key = userKey(name);
    const user = this.#users.get(key);
    this.#decoy ??= hashPassword(randomBytes(16).toString('hex'), this.#options.cost ?? usualCost);
    const fits = await fitsPassword(password, user?.password ?? (await this.#decoy));
    // Removed or given another password while this one was being looked at: no.
    return fits && user !== undefined && this.#users.get(key) === user ? { name: user.name, role: user.role, changedMs: user.changedMs } : undefined;
  }

  /** Logs a user in. `token` is what the browser keeps; only its hash is stored. */
  async startSession(name: string, token: string): Promise<void> {
    const nowMs = this.#options.nowMs();
    const key = userKey(name);
    const gone = [...this.#sessions].filter(([, session]) => !this.#lives(session, nowMs)).map(([id]) => id);
    for (const id of gone) this.#sessions.delete(id);
    const over = this.#sessions.size - mostSessions + 1;
    if (over > 0) {
      const oldest = [...this.#sessions].sort(([, one], [, other]) => one.usedMs - other.usedMs).slice(0, over);
      for (const [id] of oldest) {
        this.#sessions.delete(id);
        gone.push(id);
      }
    }
    const session = { user: key, startedMs: nowMs, usedMs: nowMs, writtenMs: nowMs };
    const id = sessionId(token);
    await this.#state.commit([{ key: sessionPrefix + id, value: storedSession(session) }, ...gone.map((each) => ({ key: sessionPrefix + each, value: null }))]);
    this.#sessions.set(id, session);
    this.#tell();
  }

  /** Who has this token; undefined when nobody has, or the login is over. `used`: a person did something. */
  session(token: string, used: boolean): SiteUser | undefined {
    const id = sessionId(token);
    const session = this.#sessions.get(id);
    const nowMs = this.#options.nowMs();
    if (session === undefined || !this.#lives(session, nowMs)) return undefined;
    const user = this.#users.get(session.user);
    if (user === undefined) return undefined;
    // A wall display has nobody who does anything; that it shows the page is its use.
    if (used || user.role === 'viewer') {
      session.usedMs = nowMs;
      if (Math.abs(nowMs - session.writtenMs) >= writeUseEveryMs) {
        session.writtenMs = nowMs;
        this.#state.commit([{ key: sessionPrefix + id, value: storedSession(session) }]).catch((problem: unknown) => this.#options.onProblem?.(problem));
      }
    }
    return { name: user.name, role: user.role, changedMs: user.changedMs };
  }

  async endSession(token: string): Promise<void> {
    const id = sessionId(token);
    if (!this.#sessions.delete(id)) return;
    this.#tell();
    await this.#state.commit([{ key: sessionPrefix + id, value: null }]);
  }

  /** Called when users or logins have changed, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #load(): Promise<void> {
    for (const { key, value } of await this.#state.entries(userPrefix)) {
      const user = readUser(value);
      if (user !== undefined) this.#users.set(key.slice(userPrefix.length), user);
    }
    this.#loginNeeded = this.#users.size > 0 || (await this.#state.get(markerKey)) !== undefined;
    const nowMs = this.#options.nowMs();
    for (const { key, value } of await this.#state.entries(sessionPrefix)) {
      const session = readSession(value);
      if (session !== undefined && this.#lives(session, nowMs)) this.#sessions.set(key.slice(sessionPrefix.length), session);
      else await this.#state.commit([{ key, value: null }]);
    }
  }

  // A wall clock that was set back must not make a login last for ever.
  #lives({ user, startedMs, usedMs }: Session, nowMs: number): boolean {
    const role = this.#users.get(user)?.role;
    return role !== undefined && Math.abs(nowMs - startedMs) <= loginLasts[role].mostMs && Math.abs(nowMs - usedMs) <= loginLasts[role].unusedMs;
  }

  #sessionsOf(user: string): string[] {
    return [...this.#sessions].filter(([, session]) => session.user === user).map(([id]) => id);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A token that cannot be guessed: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function sessionId(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Ann and ann are one person. */
function expectLength(password: string): void {
  if ([...password].length >= fewestPasswordCharacters && password.length <= mostPasswordCharacters) return;
  const values = { fewest: fewestPasswordCharacters, most: mostPasswordCharacters };
  throw new Problem('TWIN_USER_PASSWORD', 'This password cannot be used.', `Use ${values.fewest} to ${values.most} characters.`, values);
}

export function userKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

function storedSession({ user, startedMs, usedMs }: Session): Json {
  return { v: 1, user, startedMs, usedMs };
}

function readSession(value: Json): Session | undefined {
  if (!isRecord(value)) return undefined;
  const { user, startedMs, usedMs } = value;
  if (typeof user !== 'string' || !Number.isFinite(startedMs) || !Number.isFinite(usedMs)) return undefined;
  return { user, startedMs: Number(startedMs), usedMs: Number(usedMs), writtenMs: Number(usedMs) };
}

function readUser(value: Json): StoredUser | undefined {
  if (!isRecord(value)) return undefined;
  const { name, password, changedMs } = value;
  const role = roles.find((one) => one === value['role']);
  if (typeof name !== 'string' || role === undefined || password === undefined || !isRecord(password)) return undefined;
  const { n, r, p, salt, hash } = password;
  if (password['method'] !== 'scrypt' || typeof salt !== 'string' || typeof hash !== 'string') return undefined;
  if (![n, r, p].every((cost) => Number.isInteger(cost) && Number(cost) > 0) || Number(p) > 16) return undefined;
  return {
    name, role, changedMs: Number.isFinite(changedMs) ? Number(changedMs) : 0,
    password: { method: 'scrypt', n: Number(n), r: Number(r), p: Number(p), salt, hash },
  };
}

function isRecord(value: Json): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
