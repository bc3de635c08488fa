import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skip } from '../skip.ts';

/** Programs that tests start for themselves, with the Debian package that brings each. */
const packages = {
  influxd: { debianPackage: 'influxdb', binaries: ['influxd'] },
  mosquitto: { debianPackage: 'mosquitto', binaries: ['mosquitto'] },
  'victoria-metrics': { debianPackage: 'victoria-metrics', binaries: ['victoria-metrics'] },
  chromium: { debianPackage: 'chromium', binaries: ['chromium', 'chromium-browser', 'google-chrome'] },
} as const;

export type ServiceName = keyof typeof packages;

/** Debian puts daemons where an ordinary user's path does not look. */
const furtherFolders = ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin'];

const found = new Map<ServiceName, string | undefined>();

/**
 * The path of a program: from the path; else, as root on Debian, installed by apt-get; else undefined.
 * With CI=true it throws instead of answering undefined.
 */
export function findService(name: ServiceName): string | undefined {
  if (!found.has(name)) found.set(name, onPath(name) ?? installed(name));
  const path = found.get(name);
  if (path === undefined && process.env['CI'] === 'true') throw new Error(missing(name));
  return path;
}

/**
 * A mocha hook: `before(requireService('influxd'))`. Skips the suite with one loud line where the program cannot be had,
 * and throws with CI=true.
 */
export function requireService(...names: ServiceName[]): (this: Mocha.Context) => void {
  return function hook(this: Mocha.Context): void {
    // An installation downloads; a test's own limit of seconds does not fit it.
    this.timeout(10 * 60_000);
    for (const name of names) {
      if (findService(name) !== undefined) continue;
      skip(this, missing(name));
    }
  };
}

/** The path of a Chromium, by the same rule. */
export function chromium(): string | undefined {
  return findService('chromium');
}

function missing(name: ServiceName): string {
  return `${name} is not on this machine: install the Debian package ${packages[name].debianPackage} to run the tests that need it.`;
}

/** The path of a program that is there already. */
export function onPath(name: ServiceName): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...furtherFolders];
  for (const binary of packages[name].binaries) {
    for (const folder of folders) {
      if (folder === '') continue;
      const path = join(folder, binary);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here: the next folder.
      }
    }
  }
  return undefined;
}

function installed(name: ServiceName): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  try {
    accessSync('/usr/bin/apt-get', constants.X_OK);
  } catch {
    return undefined;
  }
  const { debianPackage } = packages[name];
  process.stderr.write(`${name} is not on this machine: installing the Debian package ${debianPackage} with apt-get.\n`);
  const options = { stdio: 'ignore', timeout: 5 * 60_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  const install = ['install', '-y', '--no-install-recommends', debianPackage];
  try {
    try {
      execFileSync('apt-get', install, options);
    } catch {
      // A fresh container has no package lists yet.
      execFileSync('apt-get', ['update'], options);
      execFileSync('apt-get', install, options);
    }
  } catch (error) {
    process.stderr.write(`apt-get could not install ${debianPackage}: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
  return onPath(name);
}
