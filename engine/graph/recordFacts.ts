import type { Fact, GraphChange } from '../ports.ts';
import { Problem } from '../problem.ts';

/** What other systems and people report. */
export const recordKinds = ['produced', 'consumed', 'job', 'shift', 'maintenance', 'quality', 'change', 'scrap'] as const;

export type RecordKind = (typeof recordKinds)[number];

/** What a field of a record is about. `event`: whether it begins (true, 1, "start") or ends. */
export const recordRoles = [
  'machine', 'product', 'batch', 'lot', 'component', 'order', 'operator', 'shift', 'tool', 'recipe', 'workOrder', 'procedure', 'specification', 'result', 'value', 'reason', 'text',
  'from', 'to', 'event',
] as const;

export type RecordRole = (typeof recordRoles)[number];

export interface RecordInput {
  kind: RecordKind;
  /** The reporting system's own id of this record. */
  id: string;
  /** Who reports. */
  reporter: string;
  values: ReadonlyMap<RecordRole, readonly (string | number | boolean)[]>;
  fromMs: number;
  toMs?: number;
  /** Relations of the site's own, or any other, from what the record is about; `type` makes the other end known, '': it must be known. */
  related?: readonly { relation: string; keys: readonly string[]; type: string }[];
}

/** What a record is about: the first role that it names. */
const subjects: Record<RecordKind, readonly RecordRole[]> = {
  produced: ['product', 'batch'], consumed: ['machine'], job: ['order'], shift: ['shift', 'operator'], maintenance: ['workOrder'], quality: ['product', 'batch', 'lot'],
  change: ['machine'], scrap: ['product', 'batch'],
};

/** The elements that a role names, by their type; machines must be known already. */
const typeOfRole: Partial<Record<RecordRole, string>> = {
  product: 'part', batch: 'batch', lot: 'material lot', component: 'part', order: 'job order', operator: 'operator', shift: 'shift', tool: 'tool', recipe: 'recipe',
  workOrder: 'maintenance order', procedure: 'maintenance procedure', specification: 'quality specification', result: 'test result',
};

const needed: Record<RecordKind, readonly (readonly RecordRole[])[]> = {
  produced: [['machine'], ['product', 'batch']],
  consumed: [['machine'], ['lot', 'component']],
  job: [['machine'], ['order']],
  shift: [['machine'], ['operator', 'shift']],
  maintenance: [['machine'], ['workOrder']],
  quality: [['product', 'batch', 'lot'], ['result', 'value']],
  change: [['machine'], ['tool', 'recipe']],
  scrap: [['product', 'batch'], ['reason']],
};

export interface RecordFacts {
  /** Makes known what the record names. */
  elements: GraphChange[];
  facts: Fact[];
  /** The record says that these end; whoever keeps the facts looks for the open ones. */
  ends: boolean;
  /** The record says that these begin, as a bit of a PLC does that is told over and over while it is on. */
  begins: boolean;
  source: string;
}

/**
 * The facts that a record states. Pure, so that the same record always says the same and can be told again.
 * @throws Problem TWIN_RECORD_FIELDS where something is missing
 */
export function recordFacts({ kind, id, reporter, values, fromMs, toMs, related = [] }: RecordInput, recordedMs: number): RecordFacts {
  for (const oneOf of needed[kind]) {
    if (oneOf.some((role) => (values.get(role)?.length ?? 0) > 0)) continue;
    throw new Problem('TWIN_RECORD_FIELDS', `The record of "${kind}" names no ${oneOf.join(' or ')}.`, 'Check the mapping, and that the message holds it.', { kind, field: oneOf.join(', ') });
  }
  const source = `record:${reporter}:${id}`.slice(0, 400);
  const all = (...roles: RecordRole[]): string[] => roles.flatMap((role) => (values.get(role) ?? []).map(String)).filter((key) => key !== '');
  const elements: GraphChange[] = [];
  for (const [role, keys] of values) {
    const type = typeOfRole[role];
    if (type !== undefined) for (const key of keys) elements.push({ kind: 'element', element: { key: String(key), type, name: '' }, recordedMs });
  }
  const facts: Fact[] = [];
  const held = toMs === undefined ? {} : { validToMs: toMs };
  const say = (subjects: readonly string[], relation: string, objects: readonly string[], lasts = true): void => {
    for (const subject of subjects) {
      for (const object of objects) facts.push({ subject, relation, object, validFromMs: fromMs, ...(lasts ? held : {}), recordedMs, source });
    }
  };
  const tell = (subjects: readonly string[], property: string, role: RecordRole): void => {
    for (const subject of subjects) {
      for (const value of values.get(role) ?? []) facts.push({ subject, relation: property, object: '', value, validFromMs: fromMs, recordedMs, source });
    }
  };
  const machines = all('machine');
  const products = all('product', 'batch');
  switch (kind) {
    case 'produced':
      say(products, 'produced by', machines);
      break;
    case 'consumed':
      say(machines, 'consumes', all('lot', 'component'));
      break;
    case 'maintenance':
      say(machines, 'serviced by', all('workOrder'));
      say(all('workOrder'), 'operated by', all('operator'));
      say(all('workOrder'), 'documented by', all('procedure'), false);
      tell(all('workOrder'), 'text', 'text');
      break;
    case 'quality': {
      const tested = [...products, ...(products.length === 0 ? all('lot') : [])];
      say(tested, 'documented by', all('result'), false);
      tell(tested, 'quality', 'value');
      break;
    }
    case 'scrap':
      tell(products, 'scrap', 'reason');
      break;
    default:
  }
  if (kind !== 'maintenance') {
    say(products, 'made from', all('lot', 'component'), false);
    say(products, 'made for', all('order'), false);
    say(all('order'), 'uses', machines);
    say(machines, 'operated by', all('operator', 'shift'));
    say(machines, 'uses', all('tool', 'recipe'));
  }
  say(all('operator'), 'part of', kind === 'shift' ? all('shift') : []);
  say(products, 'must meet', all('specification'), false);
  const about = subjects[kind].find((role) => (values.get(role)?.length ?? 0) > 0);
  for (const { relation, keys, type } of related) {
    if (type !== '') for (const key of keys) elements.push({ kind: 'element', element: { key, type, name: '' }, recordedMs });
    say(about === undefined ? [] : all(about), relation, keys);
  }
  const event = values.get('event')?.[0];
  const ends = event !== undefined && isEnd(event);
  return { elements, facts, ends, begins: event !== undefined && !ends, source };
}

function isEnd(event: string | number | boolean): boolean {
  return event === false || event === 0 || /^(0|false|off|aus|end|ende|stop|finished|complete[d]?|beendet)$/i.test(String(event).trim());
}
