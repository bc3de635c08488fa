import path from 'node:path';

/** The checkout's root folder. */
export const packageRoot = path.resolve(import.meta.dirname, '..');

/** The folders that hold our own sources. */
export const sourceFolders = ['engine', 'adapters', 'contract', 'web', 'nodes', 'subflows', 'command', 'editor', 'page', 'test', 'bench', 'demo', 'scripts'] as const;
