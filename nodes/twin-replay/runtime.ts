import type { ReplayMark } from '../../contract/messages.ts';
import { Problem } from '../../engine/problem.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime, Send } from '../red.d.ts';
import { readMessage } from '../message.ts';
import type { ReadTable } from '../siteHandle.ts';
import { status } from '../status.ts';
import { languageOf, onInput, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

interface Row {
  time: number;
  values: Record<string, unknown>;
}

/** Between two batches the flow gets time to work, because Node-RED has no backpressure. */
const pauseBetweenBatchesMs = 1;
const longestWaitMs = 60_000;
const reportedSkips = 5;

export default function twinReplay(RED: Runtime): void {
  const starters = new Map<string, () => void>();

  RED.nodes.registerType('twin-replay', function constructReplay(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    let number = 0;
    let stop: (() => void) | undefined;
    let startTimer: ReturnType<typeof setTimeout> | undefined;
    twin.show(status('waiting', language));

    const play = async (rows: AsyncIterable<Row> | Iterable<Row>, send: Send, topic: unknown, base: Message, skippedRows: { count: number }): Promise<void> => {
      stop?.();
      let stopped = false;
      let wake: (() => void) | undefined;
      const wait = async (durationMs: number): Promise<void> => {
        if (stopped) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, durationMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      };
      stop = () => {
        stopped = true;
        wake?.();
      };
      number++;
      const id = `${node.id}/${number}/${Date.now()}`;
      const paced = config.speed === 'paced';
      let batch: Record<string, unknown>[] = [];
      let count = 0;
      let lastTime = -Infinity;
      let disorder = 0;
      const flush = (complete: boolean): void => {
        const mark: ReplayMark = { id, ...(config.learn ? { learn: true } : {}), ...(complete ? { complete: true, rows: count, skipped: skippedRows.count + disorder } : {}) };
        send({ ...base, topic, payload: batch, historical: true, replay: mark });
        batch = [];
      };
      const started = performance.now();
      let firstTime = NaN;
      for await (const row of rows) {
        if (stopped) return;
        if (row.time < lastTime) {
          disorder++;
          continue;
        }
        lastTime = row.time;
        if (paced) {
          if (Number.isNaN(firstTime)) firstTime = row.time;
          const dueMs = (row.time - firstTime) / config.factor - (performance.now() - started);
          if (dueMs > 5) await wait(Math.min(dueMs, longestWaitMs));
          if (stopped) return;
        }
        count++;
        batch.push({ time: row.time, ...row.values });
        if (paced || batch.length >= config.batchRows) {
          flush(false);
          twin.show(status('replaying', language, { count }));
          if (!paced) await wait(pauseBetweenBatchesMs);
        }
      }
      if (stopped) return;
      flush(true);
      stop = undefined;
      twin.show(status('replayed', language, { count, skipped: skippedRows.count + disorder }));
      if (disorder > 0) node.warn(`TWIN_ROWS_OUT_OF_ORDER: ${disorder} rows are older than the row before them and were left out. Sort the file by time.`);
    };

    const playFile = async (send: Send, topic: unknown, base: Message): Promise<void> => {
      const skipped = { count: 0 };
      const rows = handle.readTable(
        config.file,
        { separator: config.separator as 'auto', decimal: config.decimal as 'auto', timeColumn: config.timeColumn },
        (row, reason) => {
          skipped.count++;
          if (skipped.count <= reportedSkips) node.warn(`TWIN_ROW_SKIPPED: row ${row}: ${reason}`);
        },
      );
      await play(timedRows(rows, skipped), send, topic, base, skipped);
    };

    onInput(twin, handle.ready, async (message: Message, send) => {
      if (Array.isArray(message.payload)) {
        const reading = readMessage(message, Date.now());
        if (reading.kind === 'problem') throw reading.problem;
        if (reading.kind !== 'rows') throw new Problem('TWIN_ROWS', 'msg.payload holds no rows with a time.', 'Send an array of objects, each with a `time`.');
        const base = { ...message };
        const rows = reading.rows.flatMap((row) => (row.timeMs === undefined ? [] : [{ time: row.timeMs, values: row.values }]));
        const without = reading.rows.length - rows.length;
        rows.sort((a, b) => a.time - b.time);
        await play(rows, send, message.topic, base, { count: without });
        return;
      }
      if (config.file === '') {
        throw new Problem('TWIN_FILE_MISSING', `"${twin.title}" has no file to play and got no rows.`, 'Name a CSV file in the node or send rows in msg.payload.', { node: twin.title });
      }
      await playFile(send, message.topic, { ...message });
    });

    const startAlone = (): void => {
      playFile((message) => node.send(message), undefined, {}).catch((problem: unknown) => {
        if (problem instanceof Problem) twin.fail(problem);
        else node.error(problem instanceof Error ? problem.message : String(problem));
      });
    };
    starters.set(node.id, startAlone);
    const onStarted = (): void => {
      RED.events.removeListener('flows:started', onStarted);
      startTimer = setTimeout(startAlone, 100);
    };
    if (config.startOnDeploy && config.file !== '') RED.events.on('flows:started', onStarted);

    twin.onClose(() => {
      RED.events.removeListener('flows:started', onStarted);
      clearTimeout(startTimer);
      starters.delete(node.id);
      stop?.();
    });
  });

  RED.httpAdmin.post('/twinwire/replay/:id/start', RED.auth.needsPermission('twin-replay.write'), (request: Request, response: Response) => {
    const start = starters.get(request.params.id ?? '');
    start?.();
    response.status(start === undefined ? 404 : 200).json(start === undefined ? { ok: false, code: 'TWIN_UNKNOWN' } : { ok: true });
  });
}

/** Rows without a time cannot be placed; they are counted. */
async function* timedRows(rows: ReturnType<ReadTable>, skipped: { count: number }): AsyncIterable<Row> {
  for await (const row of rows) {
    if (row.timeMs === null) {
      skipped.count++;
      continue;
    }
    const values: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(row.values)) {
      if (value !== null) values[name] = value;
    }
    yield { time: row.timeMs, values };
  }
}
