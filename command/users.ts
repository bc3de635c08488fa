import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { isFolderOpen } from '../adapters/sqlite/folderLock.ts';
import { openSiteStore } from '../adapters/sqlite/siteStore.ts';
import type { PageRole, PageUsers } from '../contract/http.ts';
import { Problem } from '../engine/problem.ts';
import { roles } from '../web/rights.ts';
import { SiteUsers } from '../web/siteUsers.ts';
import { changeUsers, usersAnswer } from '../web/usersRoutes.ts';
import { type AdminOptions, adminUrl, askAdmin, isThisComputer } from './nodeRedAdmin.ts';
import { readUserDirectory, type SiteFolder, type UserDirectory } from './userDirectory.ts';

export const userActions = ['list', 'add', 'remove', 'password'] as const;
export type UserAction = (typeof userActions)[number];

export interface UsersOptions extends AdminOptions {
  userDir: string;
  flow?: string;
  /** Name of the site, where the flow has several. */
  site?: string;
  action: UserAction;
  /** Whom it is about; '' for list. */
  name: string;
  /** For add. */
  role?: string;
  /** Asks for the person's new password; only called when it is sure that one is needed. */
  askPassword: () => Promise<string>;
}

export interface UsersResult {
  site: string;
  users: PageUsers['users'];
  /** As it is stored: of whom something was changed. */
  changed?: { name: string; role: PageRole };
}

type Change = { action: 'put'; name: string; role: string; password?: string } | { action: 'remove'; name: string };

/** The users of one site, wherever they can be reached now. */
interface UsersDoor {
  read(): Promise<PageUsers['users']>;
  /** @throws Problem with the code of the refusal */
  change(asked: Change): Promise<PageUsers['users']>;
  close(): Promise<void>;
}

/**
 * Shows or changes who may use the page of a site. While the site runs, its Node-RED is asked; else the site's own store is opened.
 * @throws Problem TWIN_USER_UNKNOWN, TWIN_USER_EXISTS, TWIN_USER_ROLE, TWIN_USER_NAME, TWIN_USER_PASSWORD, TWIN_USERS_FULL, TWIN_SITE_CHOICE,
 * TWIN_SITE_CLOSED, TWIN_EDITOR_LOGIN, TWIN_EDITOR_SILENT, TWIN_EDITOR_PLAIN, TWIN_OTHER_OWNER, and what reading the folder and opening the store throw
 */
export async function changePageUsers(options: UsersOptions, nowMs: () => number): Promise<UsersResult> {
  const directory = readUserDirectory(options.userDir, { flow: options.flow });
  const site = siteOf(directory, options.site);
  const role = roles.find((one) => one === options.role);
  if (options.action === 'add' && role === undefined) {
    const given = options.role ?? '';
    throw new Problem('TWIN_USER_ROLE', `There is no role "${given.slice(0, 40)}".`, `Choose one of ${roles.join(', ')}.`, { role: given.slice(0, 40) });
  }
  const door = isFolderOpen(site.folder) ? runningSite(directory, site, options) : await stoppedSite(directory, site, nowMs);
  try {
    const before = await door.read();
    if (options.action === 'list') return { site: site.name, users: before };
    const same = (name: string): boolean => name.normalize('NFKC').trim().toLowerCase() === options.name.normalize('NFKC').trim().toLowerCase();
    const present = before.find(({ name }) => same(name));
    if (options.action === 'add') {
      if (present !== undefined) {
        const remedy = 'Give another password with twin user password, or remove them first for another role.';
        throw new Problem('TWIN_USER_EXISTS', `"${present.name}" is entered already.`, remedy, { name: present.name });
      }
      const users = await door.change({ action: 'put', name: options.name, role: role ?? '', password: await options.askPassword() });
      return { site: site.name, users, changed: users.find(({ name }) => same(name)) };
    }
    if (present === undefined) {
      throw new Problem('TWIN_USER_UNKNOWN', `Nobody is entered under the name "${options.name}".`, 'See who is with twin user list.', { name: options.name });
    }
    const asked: Change = options.action === 'remove'
      ? { action: 'remove', name: present.name }
      : { action: 'put', name: present.name, role: present.role, password: await options.askPassword() };
    return { site: site.name, users: await door.change(asked), changed: present };
  } finally {
    await door.close();
  }
}

function siteOf({ sites, flowFile }: UserDirectory, wanted: string | undefined): SiteFolder {
  const fitting = wanted === undefined ? sites : sites.filter(({ name }) => name.toLowerCase() === wanted.trim().toLowerCase());
  const [site] = fitting;
  if (site !== undefined && fitting.length === 1) return site;
  const names = sites.map(({ name }) => name).join(', ');
  if (names === '') throw new Problem('TWIN_SITE_NONE', `There is no twin-site in ${flowFile}.`, 'Name the right folder with --user-dir.', { file: flowFile });
  throw new Problem('TWIN_SITE_CHOICE', `The sites here are: ${names}.`, 'Say which one is meant with --site NAME.', { names });
}

/** Its store is in use; only the Node-RED that runs it may write there. */
function runningSite(directory: UserDirectory, site: SiteFolder, options: UsersOptions): UsersDoor {
  const url = adminUrl(directory, options.url);
  if (new URL(url).protocol !== 'https:' && !isThisComputer(url)) {
    throw new Problem('TWIN_EDITOR_PLAIN', `A password would go to ${url} in the clear.`, 'Run the command on that computer, or name an https:// address.', { url });
  }
  const place = `/twinwire/site/${encodeURIComponent(site.id)}/users`;
  const talk = async (method: 'GET' | 'POST', body?: Change): Promise<PageUsers['users']> => {
    const answer = await askAdmin(url, place, method, body, options);
    if (answer === 'login needed') {
      throw new Problem('TWIN_EDITOR_LOGIN', `${site.name} is running, and the editor at ${url} does not let this command in.`,
        'Give its login with --user NAME, or use the dialog of the twin-site.', { site: site.name, url });
    }
    if (answer === 'not reachable') {
      throw new Problem('TWIN_EDITOR_SILENT', `${site.name} is running, but no editor answers at ${url}.`,
        'Name its address with --url, use the dialog of the twin-site, or stop Node-RED first.', { site: site.name, url });
    }
    if (answer.status !== 200) {
      throw new Problem('TWIN_SITE_CLOSED', `The Node-RED at ${url} does not run ${site.name} (answer ${answer.status}).`,
        'Name the right one with --url, or use the dialog of the twin-site.', { site: site.name, url, status: answer.status });
    }
    const { users, code, text } = JSON.parse(answer.text) as PageUsers & { code?: string; text?: string };
    if (code !== undefined) throw new Problem(code, text ?? '', '');
    return users;
  };
  return { read: () => talk('GET'), change: (asked) => talk('POST', asked), close: async () => undefined };
}

async function stoppedSite(directory: UserDirectory, site: SiteFolder, nowMs: () => number): Promise<UsersDoor> {
  expectOwner(existsSync(site.folder) ? site.folder : directory.folder);
  const store = openSiteStore(site.folder);
  const users = await SiteUsers.open(store.state, { nowMs }).catch(async (problem: unknown) => {
    await store.close();
    throw problem;
  });
  const list = (): PageUsers['users'] => usersAnswer(users, { editor: false, page: false }).users;
  return {
    read: async () => list(),
    async change(asked) {
      const refusal = await changeUsers(users, asked);
      if (refusal !== undefined) throw new Problem(refusal.code, refusal.text, '');
      return list();
    },
    close: () => store.close(),
  };
}

/** What root makes in the folder, Node-RED could not open afterwards. */
function expectOwner(folder: string): void {
  const own = process.getuid?.();
  if (own === undefined || statSync(folder).uid === own) return;
  throw new Problem('TWIN_OTHER_OWNER', `${path.resolve(folder)} belongs to another user of this computer.`,
    'Run the command as that user, for instance with sudo -u.', { folder });
}
