import { proposeKey } from './proposeKey.ts';

/** Where a site keeps its data: the folder given in the node (absolute, or relative to the user directory), else one made from its name. */
export function siteFolder(name: string, folder: string): string {
  return folder === '' ? `twinwire/${proposeKey(name) || 'site'}` : folder;
}
