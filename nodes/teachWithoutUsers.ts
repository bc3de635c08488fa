import { isLoopback, networkExposure } from './networkExposure.ts';
import type { Runtime } from './red.d.ts';

/** What a proxy says of whom it speaks for. */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/** What counts of a request. */
interface Asked {
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  socket: { readonly remoteAddress?: string | undefined };
}

/**
 * Whether who asks may teach a site that knows no users. Node-RED's own login for its pages (`httpNodeAuth`) let them in; or Node-RED listens on this
 * computer alone, and the request comes straight from it, to a name of this computer (so that no foreign name that leads here passes for it), and no
 * proxy stands between. In doubt: no.
 */
export function teachWithoutUsers(RED: Pick<Runtime, 'settings' | 'server'>, request: Asked): boolean {
  const { settings } = RED;
  if (settings['httpNodeAuth']) return true;
  const listening = RED.server?.address?.();
  const isClosed = typeof listening === 'object' && listening !== null && isLoopback(listening.address) && !networkExposure(RED).pages;
  if (!isClosed || !isLoopback(request.socket.remoteAddress ?? '') || forwarded.some((name) => request.headers[name] !== undefined)) return false;
  const host = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(String(request.headers['host'] ?? ''))?.[1];
  return host !== undefined && isLoopback(host);
}
