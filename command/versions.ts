import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readJson } from './userDirectory.ts';

/** This package's own version. */
export function packageVersion(): string {
  // command/ lies in the package's root in a checkout and in dist/ when it is published.
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { name?: string; version?: string };
      if (name === '@twinwire/node-red-digital-twin' && version !== undefined) return version;
    } catch {
      // The other place.
    }
  }
  return 'unknown';
}

/** The Node-RED that last ran on a user directory, by its own list of nodes. */
export function nodeRedVersionOf(userDir: string): string | undefined {
  return versionOf(installedModules(userDir)?.['node-red']);
}

export interface InstalledModule {
  version?: unknown;
  nodes?: unknown;
}

/** What Node-RED noted about the modules it loaded, by their name. */
export function installedModules(userDir: string): Record<string, InstalledModule> | undefined {
  return readJson(path.join(userDir, '.config.nodes.json')) as Record<string, InstalledModule> | undefined;
}

function versionOf(module: InstalledModule | undefined): string | undefined {
  return typeof module?.version === 'string' ? module.version : undefined;
}
