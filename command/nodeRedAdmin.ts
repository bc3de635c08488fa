import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import { readText } from './userDirectory.ts';
import type { UserDirectory } from './userDirectory.ts';

export interface AdminOptions {
  /** Where the editor answers. Default: this computer, with the port of the settings. */
  url?: string;
  /** For an editor with a login. */
  user?: string;
  password?: string;
  /** A token instead of name and password. */
  token?: string;
}

const timeoutMs = 30_000;

/** Where the editor of this user directory most likely answers. */
export function adminUrl({ settingsText }: UserDirectory, given: string | undefined): string {
  if (given !== undefined) return given.replace(/\/+$/, '');
  const port = /["']?uiPort["']?\s*:\s*(?:process\.env\.PORT\s*\|\|\s*)?(\d+)/.exec(settingsText)?.[1] ?? process.env['PORT'] ?? '1880';
  const root = /["']?httpAdminRoot["']?\s*:\s*(["'])(.*?)\1/.exec(settingsText)?.[2] ?? '';
  const scheme = /^\s*["']?https["']?\s*:/m.test(settingsText) ? 'https' : 'http';
  return `${scheme}://127.0.0.1:${port}${root.replace(/\/+$/, '')}`;
}

export type Reload = 'reloaded' | 'login needed' | 'not reachable' | 'refused';

/** Has a running Node-RED read its flow file again and start anew; the same as Restart Flows after the file was exchanged. */
export async function reloadFlows(url: string, options: AdminOptions): Promise<Reload> {
  const answer = await askAdmin(url, '/flows', 'POST', {}, options, { 'node-red-deployment-type': 'reload', 'node-red-api-version': 'v2' });
  if (typeof answer === 'string') return answer;
  return answer.status >= 200 && answer.status < 300 ? 'reloaded' : 'refused';
}

/** One question to the editor's interface, logged in where a login is given. `body` is sent as JSON. */
export async function askAdmin(
  url: string, place: string, method: 'GET' | 'POST', body: unknown, { user, password, token }: AdminOptions, more: Record<string, string> = {},
): Promise<{ status: number; text: string } | 'login needed' | 'not reachable'> {
  const json = { 'content-type': 'application/json' };
  try {
    let bearer = token;
    if (bearer === undefined && user !== undefined) {
      const login = { client_id: 'node-red-admin', grant_type: 'password', scope: '*', username: user, password: password ?? '' };
      const answer = await ask(`${url}/auth/token`, 'POST', json, JSON.stringify(login));
      if (answer.status !== 200) return 'login needed';
      bearer = (JSON.parse(answer.text) as { access_token?: string }).access_token;
    }
    const authorization: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const answer = await ask(url + place, method, { ...json, ...authorization, ...more }, body === undefined ? undefined : JSON.stringify(body));
    return answer.status === 401 || answer.status === 403 ? 'login needed' : answer;
  } catch {
    return 'not reachable';
  }
}

/** Whether an address is one of this very computer's. */
export function isThisComputer(url: string): boolean {
  const { hostname } = new URL(url);
  const addresses = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  return hostname === 'localhost' || addresses.some(({ address }) => `[${address}]` === hostname || address === hostname);
}

/** Whether the editor at this address lets anybody in. undefined: nothing answers there. */
export async function editorLetsIn(url: string): Promise<boolean | undefined> {
  try {
    return (await ask(`${url}/settings`, 'GET', {}, undefined, 2000)).status === 200;
  } catch {
    return undefined;
  }
}

function ask(url: string, method: string, headers: Record<string, string>, body?: string, withinMs = timeoutMs): Promise<{ status: number; text: string }> {
  const target = new URL(url);
  const own = isThisComputer(url);
  return new Promise((resolve, reject) => {
    // This very computer may show a certificate that it made for itself; any other has to prove who it is.
    const request = (target.protocol === 'https:' ? https : http).request(target, { method, headers, rejectUnauthorized: !own }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > 1_000_000) request.destroy(new Error('too long an answer'));
        else parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
    });
    request.setTimeout(withinMs, () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    request.end(body);
  });
}

/** The password for `--user`: from the environment or a file, never from the command line, where every user of the box could read it. */
export function adminPassword(file: string | undefined): string | undefined {
  return file === undefined ? process.env['TWIN_PASSWORD'] : readText(file).replace(/\r?\n$/, '');
}
