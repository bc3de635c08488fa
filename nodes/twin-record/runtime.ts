import type { Config } from '../../contract/fields.ts';
import { csvTable } from '../../engine/csvTable.ts';
import { timeOf } from '../../engine/graph/linkTable.ts';
import type { RecordKind, RecordRole } from '../../engine/graph/recordFacts.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { atPlace } from '../messagePlace.ts';
import { readTimeMs } from '../messageTime.ts';
import { problemIn } from '../problemSentences.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

type RecordConfig = Config<typeof fields>;

/** Records of one message. */
const mostRecords = 100_000;
const mostRefusalsTold = 100;
const longestTable = 50_000_000;

interface Refused {
  row: number;
  code: string;
  text: string;
}

export default function twinRecord(RED: Runtime): void {
  RED.nodes.registerType('twin-record', function constructRecord(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const reporter = twin.config.name === '' ? twin.config.what : twin.config.name;
    let count = 0;
    // One message after the other: a record may end what the one before began.
    let before: Promise<unknown> = Promise.resolve();
    twin.show(status('ready', language));
    onInput(twin, handle.ready, async (message: Message, send) => {
      const site = openSite(handle);
      const turn = before.then(() => noteAll(site, twin.config, reporter, message));
      before = turn.catch(() => undefined);
      const { noted, refused, rows } = await turn;
      count += noted;
      twin.show(status(refused.length > 0 ? 'notedSome' : 'noted', language, { count, refused: refused.length }));
      const only = refused[0];
      if (only !== undefined && rows === 1) throw only.problem;
      send({ ...message, payload: { noted, refused: refused.slice(0, mostRefusalsTold).map(({ row, problem }): Refused => ({ row, code: problem.code,
        text: problemIn(problem, language).message })) } });
      if (only !== undefined) {
        throw new Problem('TWIN_RECORD_ROWS', `${refused.length} of ${rows} records are not noted; the first is row ${only.row}: ${only.problem.found}`, only.problem.remedy,
          { refused: refused.length, rows, row: only.row });
      }
    });
  });
}

async function noteAll(
  site: Site, config: RecordConfig, reporter: string, message: Message,
): Promise<{ noted: number; rows: number; refused: { row: number; problem: Problem }[] }> {
  const refused: { row: number; problem: Problem }[] = [];
  const records = recordsOf(config, message);
  let noted = 0;
  for (const { row, record } of records) {
    try {
      await noteOne(site, config, reporter, record, message);
      noted++;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      refused.push({ row, problem });
    }
  }
  return { noted, rows: records.length, refused };
}

/** @throws Problem TWIN_RECORD_EMPTY, TWIN_RECORD_MANY */
function recordsOf(config: RecordConfig, message: Message): { row: number; record: unknown }[] {
  const given = config.each === '' ? message.payload : atPlace(config.each, message, message);
  let records: { row: number; record: unknown }[];
  if (typeof given === 'string' && /[\n\r]/.test(given.trim())) {
    if (given.length > longestTable) throw tooMany(longestTable);
    records = csvTable(given).rows.map(({ line, cells }) => ({ row: line, record: Object.fromEntries(cells) }));
  } else if (Array.isArray(given)) records = Array.from(given, (record: unknown, index) => ({ row: index + 1, record }));
  else records = given === undefined || given === null ? [] : [{ row: 1, record: given }];
  if (records.length === 0) throw new Problem('TWIN_RECORD_EMPTY', 'The message holds no record.', 'Check where the records are in it.');
  if (records.length > mostRecords) throw tooMany(mostRecords);
  return records;
}

function tooMany(most: number): Problem {
  return new Problem('TWIN_RECORD_MANY', 'The message holds more than can be noted at once.', `Send at most ${most} in one message.`, { most });
}

async function noteOne(site: Site, config: RecordConfig, reporter: string, record: unknown, message: Message): Promise<void> {
  const values = new Map<RecordRole, (string | number | boolean)[]>();
  const related: { relation: string; keys: string[]; type: string }[] = [];
  for (const { role, place, relation, type } of config.mapping) {
    const found = atPlace(place, record, message).filter((value): value is string | number | boolean => ['string', 'number', 'boolean'].includes(typeof value));
    if (role === 'related') {
      const keys = found.map((value) => String(value).trim()).filter((key) => key !== '');
      if (keys.length > 0) related.push({ relation, keys, type: type === 'known' ? '' : type });
      continue;
    }
    if (found.length > 0) values.set(role as RecordRole, [...(values.get(role as RecordRole) ?? []), ...found.map((value) => (typeof value === 'string' ? value.trim() : value))]);
  }
  const nowMs = site.clock.nowMs();
  const time = (role: 'from' | 'to'): number | undefined => {
    const value = values.get(role)?.[0];
    if (value === undefined) return undefined;
    const timeMs = readTimeMs(value) ?? (typeof value === 'string' ? timeOf(value) : undefined);
    if (timeMs === undefined) throw new Problem('TWIN_RECORD_TIME', `"${String(value).slice(0, 60)}" is not a time.`,
      'Write it as 2026-05-04T06:00:00Z, or as milliseconds since 1970.', { value: String(value).slice(0, 60) });
    return Math.round(timeMs);
  };
  const toMs = time('to');
  const fromMs = time('from') ?? (readTimeMs(message['timestamp']) ?? toMs ?? nowMs);
  const id = config.recordId === '' ? undefined : atPlace(config.recordId, record, message)[0];
  await site.graph.note({
    kind: config.what as RecordKind, reporter, values, related, fromMs: Math.round(fromMs), ...(toMs !== undefined && { toMs }),
    id: id === undefined ? contentId(values, related, fromMs) : String(id),
  }, config.endsBefore && (config.what === 'change' || config.what === 'shift'));
}

/** Without an id of its own a record is known by what it says. */
function contentId(
  values: ReadonlyMap<RecordRole, readonly (string | number | boolean)[]>, related: readonly { relation: string; keys: readonly string[] }[], fromMs: number,
): string {
  const named = [...values].filter(([role]) => role !== 'to' && role !== 'event').map(([role, list]) => `${role}=${list.join('|')}`);
  const said = [...named, ...related.map(({ relation, keys }) => `${relation}=${keys.join('|')}`)].join(';');
  return `${said};${fromMs}`.slice(0, 300);
}
