import { createHash } from 'node:crypto';
import { damaged, foreign, readArchive } from './archive.ts';
import { Problem } from '../engine/problem.ts';
import { fileProblem } from './userDirectory.ts';

/** What a file of a backup is, which decides where a restore puts it. */
export type FileRole = 'flow' | 'credentials' | 'runtime' | 'settings' | 'package' | 'certificate' | 'site';

export interface ManifestFile {
  /** Its name in the archive. */
  path: string;
  role: FileRole;
  bytes: number;
  sha256: string;
  mode: number;
}

/** The first file of a backup. Nothing in it names the box that it was taken on. */
export interface Manifest {
  kind: 'twinwire-backup';
  /** Raised when an older `twin restore` could not read it any more. */
  format: number;
  /** ISO 8601, UTC. */
  created: string;
  versions: { twinwire: string; node: string; nodeRed: string | null };
  /** false: something could not be saved; `leftOut` says what. */
  complete: boolean;
  leftOut: string[];
  /** Whether the secret that the passwords of the flow are encrypted with is in the backup. */
  secret: 'included' | 'in settings' | 'none needed';
  sites: { name: string; /** As in the flow: relative to the user directory, or absolute. */ folder: string; /** The folder in the archive. */ path: string }[];
  files: ManifestFile[];
}

export const manifestName = 'manifest.json';
export const manifestFormat = 1;
/** A manifest of 100,000 files; more is no backup of ours. */
const largestManifestBytes = 32 * 1024 * 1024;

/**
 * Reads a backup from beginning to end and holds every byte against the manifest; each file is offered to `take` in parts.
 * Only when this resolves is the backup known to be whole.
 * @throws Problem TWIN_BACKUP_DAMAGED, TWIN_BACKUP_FOREIGN, TWIN_BACKUP_NEWER, TWIN_FILE_FAILED, TWIN_NO_RIGHTS, TWIN_DISK_FULL
 */
export async function verifyBackup(file: string, take?: (file: ManifestFile, manifest: Manifest) => Promise<Sink>): Promise<Manifest> {
  let manifest: Manifest | undefined;
  const missing = new Map<string, ManifestFile>();
  try {
    await readArchive(file, async (name, bytes, content) => {
      if (manifest === undefined) {
        if (name !== manifestName || bytes > largestManifestBytes) throw foreign(file);
        const parts: Buffer[] = [];
        for await (const part of content) parts.push(part);
        manifest = parseManifest(Buffer.concat(parts).toString('utf8'), file);
        for (const entry of manifest.files) missing.set(entry.path, entry);
        return;
      }
      const entry = missing.get(name);
      if (entry === undefined || entry.bytes !== bytes) throw damaged(file);
      missing.delete(name);
      const hash = createHash('sha256');
      const sink = await take?.(entry, manifest);
      try {
        for await (const part of content) {
          hash.update(part);
          await sink?.write(part);
        }
      } finally {
        await sink?.close();
      }
      if (hash.digest('hex') !== entry.sha256) throw damaged(file);
    });
  } catch (error) {
    throw fileProblem(error, file);
  }
  if (manifest === undefined || missing.size > 0) throw damaged(file);
  return manifest;
}

/** Where the bytes of one file go. */
export interface Sink {
  write(part: Buffer): Promise<void>;
  close(): Promise<void>;
}

function parseManifest(text: string, file: string): Manifest {
  let given: Partial<Manifest> | null = null;
  try {
    given = JSON.parse(text) as Partial<Manifest> | null;
  } catch {
    throw foreign(file);
  }
  if (typeof given !== 'object' || given === null || given.kind !== 'twinwire-backup' || typeof given.format !== 'number') throw foreign(file);
  if (given.format > manifestFormat) {
    throw new Problem('TWIN_BACKUP_NEWER', `The backup ${file} was written by a newer version of Twinwire (format ${given.format}, known: ${manifestFormat}).`,
      'Update Twinwire on this box first; nothing was changed here.', { file, format: given.format, known: manifestFormat });
  }
  const files = given.files;
  if (!Array.isArray(files) || !files.every(isManifestFile) || !Array.isArray(given.sites) || !given.sites.every(isManifestSite)) throw foreign(file);
  return { leftOut: [], complete: true, secret: 'none needed', created: '', versions: { twinwire: '', node: '', nodeRed: null }, ...given } as Manifest;
}

const roles: readonly string[] = ['flow', 'credentials', 'runtime', 'settings', 'package', 'certificate', 'site'] satisfies FileRole[];

function isManifestFile(entry: unknown): entry is ManifestFile {
  const file = entry as Partial<ManifestFile> | null;
  return typeof file === 'object' && file !== null && isInside(file.path) && roles.includes(file.role ?? '') && Number.isSafeInteger(file.bytes)
    && typeof file.sha256 === 'string' && Number.isInteger(file.mode);
}

function isManifestSite(entry: unknown): boolean {
  const site = entry as Partial<Manifest['sites'][number]> | null;
  if (typeof site !== 'object' || site === null) return false;
  return typeof site.folder === 'string' && site.folder !== '' && typeof site.name === 'string' && isInside(site.path);
}

/** A relative path that stays where it is unpacked, on every system. */
function isInside(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !/^[/\\]|[\\\0:]|(?:^|\/)\.\.?(?:\/|$)|\/\//.test(name);
}
