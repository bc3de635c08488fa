import type { FactOfTable, FactTableAnswer, FactTableRequest } from '../contract/factTable.ts';
import type { TableCells } from '../contract/machineTable.ts';
import type { NamedRows } from '../engine/csvTable.ts';
import { tableOfCells } from '../engine/csvTable.ts';
import { Problem } from '../engine/problem.ts';
import type { Fact } from '../engine/ports.ts';
import type { Site } from '../engine/site/site.ts';
import { problemIn } from './problemSentences.ts';
import type { Request, Response, Runtime } from './red.d.ts';
import { siteHandle } from './siteHandle.ts';

/** Rows that are shown, and wrong ones that are named. */
const mostShown = 20;
const mostRefusals = 200;
/** The reader of tables stops there; a file that has so many may have more. */
const mostRows = 20_000;

/** What came of a table: the facts of each row by its line, and what is wrong. */
export interface FactTableOutcome {
  rows: number;
  facts: readonly { line: number; facts: readonly (Fact & { ends?: boolean })[] }[];
  refused: readonly { line: number; problem: Problem }[];
}

export type FactTableWork = (site: Site, table: NamedRows, request: FactTableRequest, previewOnly: boolean) => Promise<FactTableOutcome>;

/** The routes of a dialog that shows a table before it is noted. Looking needs the right to read, noting the right to change. */
export function factTableRoutes(RED: Runtime, type: 'twin-link' | 'twin-record', work: FactTableWork): void {
  const url = `/twinwire/${type.slice('twin-'.length)}`;
  for (const [name, right] of [['preview', 'read'], ['apply', 'write']] as const) {
    RED.httpAdmin.post(`${url}/${name}`, RED.auth.needsPermission(`${type}.${right}`), (request: Request, response: Response) => {
      const given = requestOf(request.body);
      answer(RED, given, name === 'preview', work).then(
        (said) => response.json(said),
        (problem: unknown) => {
          if (!(problem instanceof Problem)) RED.log.error(`${type}: ${String(problem)}`);
          const unexpected = { code: 'TWIN_TABLE_UNREADABLE', message: 'The log of Node-RED says why.' };
          const { code, message } = problem instanceof Problem ? problemIn(problem, given.language === 'de' ? 'de' : 'en-US') : unexpected;
          response.json({ ok: false, code, text: message });
        },
      );
    });
  }
}

function requestOf(body: unknown): FactTableRequest {
  const { site, node, data, language, config } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    site: text(site), node: text(node).slice(0, 100), data: text(data), language: text(language).startsWith('de') ? 'de' : 'en-US',
    ...(typeof config === 'object' && config !== null && { config: config as Record<string, unknown> }),
  };
}

async function answer(RED: Runtime, request: FactTableRequest, previewOnly: boolean, work: FactTableWork): Promise<FactTableAnswer> {
  const handle = siteHandle(RED.nodes.getNode(request.site));
  if (handle === undefined) throw new Problem('TWIN_SITE_NOT_RUNNING', 'The site of this node is not running.', 'Deploy once, then tables can be looked at and noted here.');
  const cells = await handle.cellsOfBytes(Buffer.from(request.data, 'base64'));
  if (cells.rows.length >= mostRows) {
    throw new Problem('TWIN_TABLE_TOO_LARGE', `This table has ${mostRows} rows or more.`, 'Split it, or send it as the payload of a message, which takes more.', { rows: mostRows });
  }
  const site = await handle.ready;
  const outcome = await work(site, tableOfCells(cells.rows, cells.decimal), request, previewOnly);
  return answerOf(cells, outcome, previewOnly, request.language === 'de' ? 'de' : 'en-US');
}

function answerOf(cells: TableCells, { rows, facts, refused }: FactTableOutcome, previewOnly: boolean, language: 'en-US' | 'de'): FactTableAnswer {
  const wrong = new Set(refused.map(({ line }) => line));
  const shown = facts.filter(({ line }) => !wrong.has(line)).slice(0, mostShown);
  const texts = new Map(cells.rows.map(({ row, cells: all }) => [row, all.join(' | ').slice(0, 200)]));
  return {
    ok: true, rows, wrong: wrong.size, applied: !previewOnly,
    first: shown.map(({ line, facts: said }) => ({ line, cells: texts.get(line) ?? '', facts: said.slice(0, mostShown).map(told) })),
    refused: refused.slice(0, mostRefusals).map(({ line, problem }) => ({ line, text: problemIn(problem, language).message })),
  };
}

function told({ subject, relation, object, value, validFromMs, validToMs, ends }: Fact & { ends?: boolean }): FactOfTable {
  return {
    subject, relation, object, ...(value !== undefined && { value }), fromMs: validFromMs, ...(validToMs !== undefined && { toMs: validToMs }), ...(ends === true && { ends }),
  };
}
