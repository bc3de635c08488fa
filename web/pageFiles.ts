import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** One file of the built page, ready to be sent. */
export interface PageFile {
  body: Buffer;
  /** Present only where it is smaller. */
  gzipped?: Buffer;
  etag: string;
  contentType: string;
}

const contentTypes = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.txt', 'text/plain; charset=utf-8'],
]);

/**
 * The built page, read once into memory: 'index.html' and 'assets/…'. Requests are answered from this map and from
 * nothing else, so that no path, however spelt, leads to another file.
 * @returns an empty map when the page is not built.
 */
export function readPageFiles(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (!existsSync(join(folder, 'index.html'))) return files;
  const names = ['index.html'];
  if (existsSync(join(folder, 'assets'))) names.push(...readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`));
  for (const name of names) {
    const contentType = contentTypes.get(extname(name));
    if (!contentType) continue;
    const body = readFileSync(join(folder, name));
    const gzipped = gzipSync(body, { level: 9 });
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    files.set(name, { body, etag, contentType, ...(gzipped.length < body.length ? { gzipped } : {}) });
  }
  return files;
}

/** Where the build puts the page: beside the built routes, or in dist/ when the routes run from source. */
export function builtPageFolder(): string {
  const beside = fileURLToPath(new URL('../page/', import.meta.url));
  return existsSync(join(beside, 'index.html')) ? beside : fileURLToPath(new URL('../dist/page/', import.meta.url));
}
