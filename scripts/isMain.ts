import { realpathSync } from 'node:fs';

/** Is this module the script that Node was started with? (`import.meta.main` exists only from Node 24.2.) */
export function isMain(meta: ImportMeta): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === meta.filename;
}
