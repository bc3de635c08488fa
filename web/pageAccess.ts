import type { IncomingMessage } from 'node:http';
import type { Overview, PageAction, SiteAccess, SiteSummary } from '../contract/http.ts';
import { actions, mayDo, roleWithoutUsers, trustedWithoutUsers } from './rights.ts';
import { newToken, type SiteUser, type SiteUsers } from './siteUsers.ts';

/** What stands between a site and those who open its page. */
export interface SiteGate {
  users: SiteUsers;
  /** Who may read: everybody who reaches the page, or only who is logged in. */
  readers: 'everyone' | 'users';
  /** As long as the site knows no users: whether who asks is trusted all the same. Absent: nobody is. */
  trusts?: (request: IncomingMessage) => boolean;
}

/** All gates now; a site without one is open. */
export type Gates = () => ReadonlyMap<string, SiteGate>;

/** A person at the page, seen through the token that their browser keeps. Asks anew each time: rights may end at any moment. */
export class Visitor {
  readonly #gates: Gates;
  readonly #token: string | undefined;
  readonly #request: IncomingMessage | undefined;

  constructor(gates: Gates, token: string | undefined, request?: IncomingMessage) {
    this.#gates = gates;
    this.#token = token;
    this.#request = request;
  }

  /** Of a site that knows no users. */
  #isTrusted(gate: SiteGate | undefined): boolean {
    return this.#request !== undefined && gate?.trusts?.(this.#request) === true;
  }

  may(site: string, action: PageAction): boolean {
    const gate = this.#gates().get(site);
    if (gate === undefined || isOpen(gate)) return mayDo(roleWithoutUsers, action) || (trustedWithoutUsers.includes(action) && this.#isTrusted(gate));
    const user = this.user(site);
    return mayDo(user?.role ?? (gate.readers === 'everyone' ? 'viewer' : undefined), action);
  }

  /** `used`: they did something, or opened the page. */
  user(site: string, used = false): SiteUser | undefined {
    const gate = this.#gates().get(site);
    return gate === undefined || this.#token === undefined ? undefined : gate.users.session(this.#token, used);
  }

  /** Someone has opened the page or done something: their logins are in use. */
  use(): void {
    for (const site of this.#gates().keys()) this.user(site, true);
  }

  /** Two visitors with the same signature see the same; when it changes, what was shown before has to go. */
  signature(): string {
    return JSON.stringify([...this.#gates()].map(([site, gate]) => {
      const user = this.user(site);
      return [site, isOpen(gate), isOpen(gate) && this.#isTrusted(gate), gate.readers, user?.name, user?.role];
    }));
  }

  /** The overview as this person may see it: a site that they may not read has only its name. */
  shown(overview: Overview): Overview {
    return { ...overview, sites: overview.sites.map((site) => this.#shownSite(site)) };
  }

  #shownSite(site: SiteSummary): SiteSummary {
    const gate = this.#gates().get(site.id);
    if (gate === undefined || (isOpen(gate) && !this.#isTrusted(gate))) return site;
    if (isOpen(gate)) return { ...site, access: { withoutUsers: true, may: actions.filter((action) => this.may(site.id, action)) } };
    const user = this.user(site.id);
    const access: SiteAccess = {
      ...(user === undefined ? {} : { user: { name: user.name, role: user.role } }),
      may: actions.filter((action) => this.may(site.id, action)),
    };
    return access.may.includes('read') ? { ...site, access } : { ...site, access, machines: [], links: [] };
  }
}

/** A site that knows no users and lets everybody read is as it was before there were users. */
function isOpen({ users, readers }: SiteGate): boolean {
  return !users.loginNeeded && readers === 'everyone';
}

/**
 * Logs in on every site that knows this name and password; each is asked, so that the time taken tells nothing.
 * What the browser had before is ended on all of them.
 * @returns the token for the browser, and the sites; no site: the password fits nowhere
 */
export async function logIn(
  gates: Gates, name: string, password: string, before: string | undefined,
): Promise<{ token: string; sites: string[]; user?: SiteUser }> {
  const token = newToken();
  const sites: string[] = [];
  let user: SiteUser | undefined;
  for (const [site, { users }] of gates()) {
    if (!users.loginNeeded) continue;
    const found = await users.check(name, password);
    if (found === undefined) continue;
    await users.startSession(found.name, token);
    user ??= found;
    sites.push(site);
  }
  if (sites.length > 0 && before !== undefined) await logOut(gates, before);
  return { token, sites, ...(user === undefined ? {} : { user }) };
}

/**
 * Gives whoever has this token another password, on every site where they are logged in with the current one, and logs them in again.
 * @returns the token for the browser; undefined: the current password is another one
 * @throws Problem TWIN_USER_PASSWORD
 */
export async function changePassword(gates: Gates, token: string, current: string, next: string): Promise<{ token: string; user: SiteUser } | undefined> {
  const fresh = newToken();
  let changed: SiteUser | undefined;
  for (const { users } of gates().values()) {
    const user = users.session(token, true);
    if (user === undefined || !(await users.changePassword(user.name, current, next))) continue;
    await users.startSession(user.name, fresh);
    changed ??= user;
  }
  return changed === undefined ? undefined : { token: fresh, user: changed };
}

export async function logOut(gates: Gates, token: string): Promise<void> {
  await Promise.all([...gates().values()].map(({ users }) => users.endSession(token)));
}

/**
 * Cookies don't know ports: two Node-REDs on one computer need two names. No path is given, so that the browser takes the one it
 * knows, also behind a proxy that moves the page elsewhere: the login goes to …/api/* and nowhere else.
 */
function cookieName(request: IncomingMessage): string {
  return `twinwire-${request.socket.localPort ?? 0}`;
}

export function readToken(request: IncomingMessage): string | undefined {
  const name = cookieName(request);
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value = ''] = part.trim().split('=', 2);
    if (key === name && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/** @param seconds 0: forget it */
export function tokenCookie(request: IncomingMessage, token: string, seconds: number): string {
  const secure = cameByHttps(request) ? '; Secure' : '';
  return `${cookieName(request)}=${token}; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(seconds)}${secure}`;
}

/** Here or at the proxy in front. Whoever invents the header only keeps their own browser from sending the login in the clear. */
export function cameByHttps(request: IncomingMessage): boolean {
  if ('encrypted' in request.socket && request.socket.encrypted === true) return true;
  return String(request.headers['x-forwarded-proto'] ?? '').split(',', 1)[0]?.trim().toLowerCase() === 'https';
}
