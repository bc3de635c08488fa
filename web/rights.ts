import type { PageAction, PageRole } from '../contract/http.ts';

/**
 * Who may do what on the page. The one place for it: a new action is a row here, and routes and page follow.
 * Roles as ISA-18.2 separates duties: whoever answers alarms does not change what is an alarm.
 */
export const rights: Readonly<Record<PageAction, readonly PageRole[]>> = {
  read: ['viewer', 'operator', 'engineer'],
  acknowledge: ['operator', 'engineer'],
  shelve: ['operator', 'engineer'],
  note: ['operator', 'engineer'],
  teach: ['engineer'],
  suppress: ['engineer'],
  takeOutOfService: ['engineer'],
};

/** In rising order of what they may. */
export const roles: readonly PageRole[] = ['viewer', 'operator', 'engineer'];

export const actions = Object.keys(rights) as PageAction[];

/**
 * What everybody may as long as a site knows no users: answer alarms under a typed name, but not change what is an alarm.
 */
export const roleWithoutUsers: PageRole = 'operator';

/** What who is trusted by Node-RED itself may besides: it is capped, can be taken back for 30 days, and never widens a safety limit. What hides alarms is not in it. */
export const trustedWithoutUsers: readonly PageAction[] = ['teach'];

/** undefined: nobody. */
export function mayDo(role: PageRole | undefined, action: PageAction): boolean {
  return role !== undefined && rights[action].includes(role);
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * How long a login lasts: unused, and at most. A viewer's is long, because wall displays log in as viewers and nobody
 * should have to walk up to one with a keyboard.
 */
export const loginLasts: Readonly<Record<PageRole, { unusedMs: number; mostMs: number }>> = {
  viewer: { unusedMs: 30 * dayMs, mostMs: 365 * dayMs },
  operator: { unusedMs: 12 * hourMs, mostMs: 7 * dayMs },
  engineer: { unusedMs: 8 * hourMs, mostMs: dayMs },
};
