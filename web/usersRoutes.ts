import { Problem } from '../engine/problem.ts';
import type { ErrorAnswer, PageUsers } from '../contract/http.ts';
import type { SiteUsers } from './siteUsers.ts';

/** What the dialog of a site is told; passwords and their hashes are no part of it. */
export function usersAnswer(users: SiteUsers, openTo: PageUsers['openTo']): PageUsers {
  return { users: users.list(), loginNeeded: users.loginNeeded, openTo };
}

/**
 * Adds, changes or removes one user: `{action: 'put', name, role, password?}` or `{action: 'remove', name}`.
 * @returns undefined when it is done, else what is wrong
 */
export async function changeUsers(users: SiteUsers, body: unknown): Promise<ErrorAnswer | undefined> {
  const text = (name: string): string | undefined => {
    if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
    const value = (body as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  };
  const name = text('name') ?? '';
  const password = text('password');
  try {
    if (text('action') === 'remove') {
      await users.remove(name);
      return undefined;
    }
    await users.put({ name, role: text('role') ?? '', ...(password === undefined || password === '' ? {} : { password }) });
    return undefined;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { code: problem.code, text: problem.message };
  }
}
