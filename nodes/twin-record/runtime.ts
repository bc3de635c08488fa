import type { Config } from '../../contract/fields.ts';
import { readConfig } from '../../contract/fields.ts';
import { csvTable } from '../../engine/csvTable.ts';
import type { RecordInput } from '../../engine/graph/recordFacts.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { atPlace } from '../messagePlace.ts';
import { factTableRoutes } from '../factTables.ts';
import { problemIn } from '../problemSentences.ts';
import { recordInput, replacesBefore } from '../recordInput.ts';
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
  factTableRoutes(RED, 'twin-record', async (site, { rows }, { config: given }, previewOnly) => {
    const { config } = readConfig(fields, given ?? {});
    const inputs: { line: number; input: RecordInput }[] = [];
    const refused: { line: number; problem: Problem }[] = [];
    for (const { line, cells } of rows) {
      tried(line, refused, () => inputs.push({ line, input: recordInput(config, reporterOf(config), Object.fromEntries(cells), {}, site.clock.nowMs()) }));
    }
    const seen = await site.graph.previewNotes(inputs);
    refused.push(...seen.refused);
    if (!previewOnly) {
      const wrong = new Set(refused.map(({ line }) => line));
      for (const { line, input } of inputs) {
        if (wrong.has(line)) continue;
        try {
          await site.graph.note(input, replacesBefore(config));
        } catch (problem) {
          if (!(problem instanceof Problem)) throw problem;
          refused.push({ line, problem });
        }
      }
    }
    return { rows: rows.length, facts: seen.facts, refused: refused.sort((a, b) => a.line - b.line) };
  });

  RED.nodes.registerType('twin-record', function constructRecord(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const handle = siteOf(RED, twin, twin.config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const reporter = reporterOf(twin.config);
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

function reporterOf({ name, what }: RecordConfig): string {
  return name === '' ? what : name;
}

function tried(line: number, refused: { line: number; problem: Problem }[], work: () => void): void {
  try {
    work();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    refused.push({ line, problem });
  }
}

async function noteAll(
  site: Site, config: RecordConfig, reporter: string, message: Message,
): Promise<{ noted: number; rows: number; refused: { row: number; problem: Problem }[] }> {
  const refused: { row: number; problem: Problem }[] = [];
  const records = recordsOf(config, message);
  let noted = 0;
  for (const { row, record } of records) {
    try {
      await site.graph.note(recordInput(config, reporter, record, message, site.clock.nowMs()), replacesBefore(config));
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
