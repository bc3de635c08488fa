import type { Runtime } from './red.d.ts';

/** What everybody in the network can reach without a login. */
export interface NetworkExposure {
  /** Node-RED's editor: whoever reaches it can change every flow and run any program on this computer. */
  editor: boolean;
  /** Everything under httpNodeRoot, as far as Node-RED itself guards it. */
  pages: boolean;
}

/**
 * Judged by the settings that Node-RED really runs with (`RED.settings` hands them on in 4.1 and 5) and, once the server listens, by
 * the address that it listens on. An address that is not known yet, where Node-RED is built into another program,
 * counts as closed until it listens. A middleware in front of the editor counts as a guard: what it does cannot be told from outside.
 * One in front of the pages does not: most only set headers, and a hint too many is better than one too few.
 */
export function networkExposure(RED: Pick<Runtime, 'settings' | 'server'>): NetworkExposure {
  const { settings } = RED;
  const listening = RED.server?.address?.() ?? undefined;
  // A socket file of this computer has no address.
  const host = typeof listening === 'string' ? '127.0.0.1' : (listening?.address ?? settings['uiHost']);
  const outside = typeof host === 'string' && host !== '' && !isLoopback(host);
  return {
    editor:
      outside && settings.httpAdminRoot !== false && !settings['httpAdminAuth'] && !settings['httpAdminMiddleware'] && letsAnybodyChange(settings['adminAuth']),
    pages: outside && settings.httpNodeRoot !== false && !settings['httpNodeAuth'],
  };
}

export function isLoopback(host: string): boolean {
  const address = host.trim().toLowerCase().replace(/^\[|\]$/g, '').replace(/^::ffff:/, '');
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** No login at all, or a default user that may change flows. */
function letsAnybodyChange(adminAuth: unknown): boolean {
  if (typeof adminAuth !== 'object' || adminAuth === null) return !adminAuth;
  const anybody: unknown = 'default' in adminAuth ? adminAuth.default : undefined;
  if (typeof anybody !== 'object' || anybody === null || !('permissions' in anybody)) return false;
  return [anybody.permissions].flat().some((permission) => permission === '*' || permission === 'write' || permission === 'flows.write');
}
