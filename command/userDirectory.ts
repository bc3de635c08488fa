import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Problem } from '../engine/problem.ts';
import { siteFolder } from '../contract/siteFolder.ts';

export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

/** The data folder of one twin-site. */
export interface SiteFolder {
  id: string;
  name: string;
  /** As in the node, or made from its name: relative to the user directory where it can be. */
  given: string;
  /** Absolute. */
  folder: string;
}

/** What is known of a Node-RED user directory without running anything in it. */
export interface UserDirectory {
  folder: string;
  flowFile: string;
  credentialsFile: string;
  /** Absolute; undefined where Node-RED runs on its defaults. */
  settingsFile: string | undefined;
  /** Its text without comments; '' without a file. Never executed. */
  settingsText: string;
  nodes: FlowNode[];
  sites: SiteFolder[];
  /** Where twin-opcua keeps its certificates and its private key. */
  certificates: string;
}

/** The user directory that is meant: the one given, else Node-RED's own default. */
export function userDirectoryPath(given: string | undefined): string {
  return path.resolve(given ?? path.join(os.homedir(), '.node-red'));
}

/**
 * Reads flow and settings of a user directory. A site whose folder comes from an environment variable that is not set here
 * is left out: `sites` names only folders that are certain.
 * @throws Problem TWIN_USER_DIR, TWIN_FLOW_MISSING (unless `flowOptional`), TWIN_FLOW_UNREADABLE, TWIN_NO_RIGHTS
 */
export function readUserDirectory(folder: string, options: { flow?: string; flowOptional?: boolean } = {}): UserDirectory {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Problem('TWIN_USER_DIR', `There is no folder ${folder}.`, "Name Node-RED's user directory with --user-dir.", { folder });
  }
  const settingsFile = ['settings.js', 'settings.cjs'].map((name) => path.join(folder, name)).find((file) => existsSync(file));
  const settingsText = settingsFile === undefined ? '' : withoutComments(readText(settingsFile));
  const flowFile = findFlowFile(folder, settingsText, options.flow);
  let nodes: FlowNode[] = [];
  if (existsSync(flowFile)) nodes = readFlow(flowFile);
  else if (options.flowOptional !== true) {
    throw new Problem('TWIN_FLOW_MISSING', `There is no flow file in ${folder} (looked for ${path.basename(flowFile)}).`,
      "Name Node-RED's user directory with --user-dir, or the flow file with --flow.", { folder, file: path.basename(flowFile) });
  }
  const sites: SiteFolder[] = [];
  for (const node of nodes) {
    if (node.type !== 'twin-site') continue;
    const name = fromEnvironment(node['name'] ?? '');
    const given = fromEnvironment(node['folder'] ?? '');
    if (name === undefined || given === undefined) continue;
    const relative = siteFolder(name, given);
    sites.push({ id: node.id, name: name === '' ? 'Site' : name, given: relative, folder: path.resolve(folder, relative) });
  }
  return {
    folder,
    flowFile,
    credentialsFile: credentialsFileOf(flowFile),
    settingsFile,
    settingsText,
    nodes,
    sites,
    certificates: path.join(folder, 'twinwire', 'opcua'),
  };
}

export function credentialsFileOf(flowFile: string): string {
  const { dir, name, ext } = path.parse(flowFile);
  return path.join(dir, `${name}_cred${ext}`);
}

/** By the settings, by the active project, else Node-RED's default and its older one with the host's name. */
function findFlowFile(folder: string, settingsText: string, given: string | undefined): string {
  if (given !== undefined) return path.resolve(folder, given);
  const project = activeProject(folder);
  if (project !== undefined) return project;
  const named = /\bflowFile\s*["']?\s*:\s*(["'])(.+?)\1/.exec(settingsText)?.[2];
  if (named !== undefined) return path.resolve(folder, named);
  const older = path.join(folder, `flows_${os.hostname()}.json`);
  const usual = path.join(folder, 'flows.json');
  return !existsSync(usual) && existsSync(older) ? older : usual;
}

function activeProject(folder: string): string | undefined {
  const projects = readJson(path.join(folder, '.config.projects.json'));
  const name = projects?.['activeProject'];
  if (typeof name !== 'string' || !/^[\w.-]+$/.test(name) || /^\.+$/.test(name)) return undefined;
  const root = path.join(folder, 'projects', name);
  const settings = readJson(path.join(root, 'package.json'))?.['node-red'] as { settings?: { flowFile?: unknown } } | undefined;
  const file = settings?.settings?.flowFile;
  return path.join(root, typeof file === 'string' ? path.basename(file) : 'flows.json');
}

function readFlow(file: string): FlowNode[] {
  const text = readText(file);
  try {
    const parsed: unknown = JSON.parse(text);
    const nodes: unknown = Array.isArray(parsed) ? parsed : (parsed as { flows?: unknown } | null)?.flows;
    if (Array.isArray(nodes)) return nodes.filter(isNode);
  } catch {
    // Told below.
  }
  throw new Problem('TWIN_FLOW_UNREADABLE', `The flow file ${file} is not what Node-RED writes.`,
    'Restore it from a backup, or name another one with --flow.', { file });
}

function isNode(node: unknown): node is FlowNode {
  const given = node as { id?: unknown; type?: unknown } | null;
  return typeof given === 'object' && given !== null && typeof given.id === 'string' && typeof given.type === 'string';
}

/** Node-RED puts an environment variable in for `${NAME}`. undefined: it is not set here. */
function fromEnvironment(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : '';
  const name = /^\$\{([^}]+)\}$/.exec(text)?.[1];
  return name === undefined ? text : process.env[name];
}

/** @throws Problem TWIN_NO_RIGHTS */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileProblem(error, file);
  }
}

/** A JSON object; undefined when it is not there or something else. */
export function readJson(file: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** An error of the file system as something that a person can act on. */
export function fileProblem(error: unknown, file: string): Problem {
  if (error instanceof Problem) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT' || /disk is full/i.test(message)) {
    return new Problem('TWIN_DISK_FULL', `The disk that holds ${file} is full.`, 'Free some space and try again; nothing half-written was left.', { file });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new Problem('TWIN_NO_RIGHTS', `${file} may not be read or written.`, 'Run the command as the user that runs Node-RED.', { file });
  }
  return new Problem('TWIN_FILE_FAILED', `${file} cannot be read or written: ${message}.`, 'Check the disk and the name.', { file, reason: message });
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

/** Every file under a folder, relative to it, in order; links are not followed. */
export function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileProblem(error, folder);
  }
}
