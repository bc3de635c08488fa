import type { RecomputedMark, ReplayMark } from '../../contract/messages.ts';
import { lineagePoint } from '../../engine/history/lineage.ts';
import { recordedRows, rowsInOrder } from '../../engine/history/recordedRows.ts';
import type { RecordedRow } from '../../engine/history/recordedRows.ts';
import { Problem } from '../../engine/problem.ts';
import { parseTime } from '../../engine/time/period.ts';
import { earliestTimeMs } from '../../engine/twin/clockComparison.ts';
import { historyReader } from '../historyHandle.ts';
import { localCalendar } from '../localCalendar.ts';
import { assetsByKeys } from '../assetsByKeys.ts';
import { objectOf } from '../objectOf.ts';
import { recordedMessage } from '../recordedMessage.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime, Send } from '../red.d.ts';
import { readMessage } from '../message.ts';
import type { ReadTable } from '../siteHandle.ts';
import { status } from '../status.ts';
import { languageOf, onInput, openSite, siteOf, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

interface Row {
  time: number;
  values: Record<string, unknown>;
  /** Of history: whose it is, and the row as it was. */
  recorded?: RecordedRow;
}

/** Between two batches the flow gets time to work, because Node-RED has no backpressure. */
const pauseBetweenBatchesMs = 1;
/** The site writes its history by itself; what a replay adds must not outrun it. */
const mostHistoryWaiting = 50_000;
const pauseForHistoryMs = 20;
const longestWaitMs = 60_000;
const reportedSkips = 5;
/** Values that lie so close were one row, as twin-asset takes them by default. */
const togetherMs = 20;

export default function twinReplay(RED: Runtime): void {
  const starters = new Map<string, (user?: string) => void>();

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

    const play = async (rows: AsyncIterable<Row> | Iterable<Row>, send: Send, topic: unknown, base: Message, skippedRows: { count: number }, recomputed?: RecomputedMark): Promise<void> => {
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
      /** Of history: rows of each twin that wait to be sent; a twin stays here until the end, which is told to each. */
      const ofTwins = new Map<string, RecordedRow[]>();
      let waiting = 0;
      let count = 0;
      let lastTime = -Infinity;
      let disorder = 0;
      const flush = (complete: boolean): void => {
        const end = complete ? { complete: true, rows: count, skipped: skippedRows.count + disorder } : {};
        const mark: ReplayMark = { id, ...(config.learn ? { learn: true } : {}), ...end };
        if (ofTwins.size === 0) send({ ...base, topic, payload: batch, historical: true, replay: mark });
        for (const [twinKey, rows] of ofTwins) {
          if (rows.length === 0 && !complete) continue;
          const ownTopic = handle.site?.asset(twinKey)?.twin.topic ?? twinKey;
          send({ ...base, topic: ownTopic, ...recordedMessage(rows), historical: true, replay: { ...mark, twin: twinKey, recorded: true, ...(recomputed && { recomputed }) } });
          ofTwins.set(twinKey, []);
        }
        batch = [];
        waiting = 0;
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
        waiting++;
        const { recorded } = row;
        if (recorded === undefined) batch.push({ time: row.time, ...row.values });
        else if (ofTwins.get(recorded.twin)?.push(recorded) === undefined) ofTwins.set(recorded.twin, [recorded]);
        if (paced || waiting >= config.batchRows) {
          flush(false);
          twin.show(status('replaying', language, { count }));
          if (!paced) await wait(pauseBetweenBatchesMs);
          while (!stopped && (handle.site?.historyWaiting ?? 0) > mostHistoryWaiting) await wait(pauseForHistoryMs);
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

    const playHistory = async (send: Send, base: Message, given: Record<string, unknown>, user?: string): Promise<void> => {
      const site = openSite(handle);
      const nowMs = site.clock.nowMs();
      const text = (name: string, otherwise: string): string => {
        const value = Object.hasOwn(given, name) ? given[name] : undefined;
        return typeof value === 'number' ? String(Math.round(value)) : typeof value === 'string' && value.trim() !== '' ? value.slice(0, 300) : otherwise;
      };
      const time = (name: 'from' | 'to', otherwiseMs: number): number => {
        const written = text(name, config[name]);
        const timeMs = written === '' ? otherwiseMs : parseTime(written, nowMs, localCalendar);
        if (timeMs !== undefined) return timeMs;
        throw new Problem('TWIN_PERIOD', `"${written.slice(0, 60)}" is no time.`, 'Write it as 2026-05-04 06:00, as -8 h or as now.', { text: written.slice(0, 60) });
      };
      const fromMs = time('from', earliestTimeMs);
      const toMs = time('to', nowMs);
      if (!(toMs > fromMs)) throw new Problem('TWIN_PERIOD', 'The stretch of time ends before it begins.', 'Give a begin that is before the end.', { fromMs, toMs });
      const keys = text('twins', config.twins).split(/[,;\n]/).map((key) => key.trim()).filter((key) => key !== '');
      await site.prepared();
      const assets = assetsByKeys(site, keys);
      if (assets.length === 0) throw new Problem('TWIN_UNKNOWN', 'This site has no machine whose history could be played.', 'Choose the same site here and in the machines.');
      const reader = historyReader(site, config.influxdb === '' ? undefined : RED.nodes.getNode(config.influxdb), config.measurement);
      const recomputed: RecomputedMark | undefined = config.recompute
        ? { by: text('by', user ?? twin.title), why: text('why', config.why), atMs: nowMs, fromMs, toMs }
        : undefined;
      // Told before it is done: what is half recomputed is marked, too.
      if (recomputed !== undefined) site.keep(assets.map(({ key }) => lineagePoint({ twin: key, ...recomputed })));
      const beginMs = recomputed === undefined ? fromMs : config.warmUp === 0 ? earliestTimeMs : Math.max(earliestTimeMs, fromMs - config.warmUp * 3_600_000);
      const sources = assets.map(({ key, twin: { type } }) => {
        const measured = type.properties.filter(({ kind }) => kind !== 'derived').map(({ name }) => name);
        return recordedRows(reader, key, measured, beginMs, toMs, togetherMs);
      });
      await play(timedRecords(rowsInOrder(sources)), send, undefined, base, { count: 0 }, recomputed);
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
      if (config.source === 'history') {
        const { payload } = message;
        await playHistory(send, { ...message }, objectOf(message.command) ?? objectOf(payload) ?? {});
        return;
      }
      if (config.file === '') {
        throw new Problem('TWIN_FILE_MISSING', `"${twin.title}" has no file to play and got no rows.`, 'Name a CSV file in the node or send rows in msg.payload.', { node: twin.title });
      }
      await playFile(send, message.topic, { ...message });
    });

    const startAlone = (user?: string): void => {
      const sendOn: Send = (message) => node.send(message);
      // The button may be pressed before the site is open.
      const playing = handle.ready.then(() => (config.source === 'history' ? playHistory(sendOn, {}, {}, user) : playFile(sendOn, undefined, {})));
      playing.catch((problem: unknown) => {
        if (problem instanceof Problem) twin.fail(problem);
        else node.error(problem instanceof Error ? problem.message : String(problem));
      });
    };
    starters.set(node.id, startAlone);
    const onStarted = (): void => {
      RED.events.removeListener('flows:started', onStarted);
      startTimer = setTimeout(() => startAlone(), 100);
    };
    if (config.startOnDeploy && (config.source === 'history' || config.file !== '')) RED.events.on('flows:started', onStarted);

    twin.onClose(() => {
      RED.events.removeListener('flows:started', onStarted);
      clearTimeout(startTimer);
      starters.delete(node.id);
      stop?.();
    });
  });

  RED.httpAdmin.post('/twinwire/replay/:id/start', RED.auth.needsPermission('twin-replay.write'), (request: Request, response: Response) => {
    const start = starters.get(request.params.id ?? '');
    // Who is logged in to the editor, where somebody must be.
    const user = (request as { user?: { username?: unknown } }).user?.username;
    start?.(typeof user === 'string' ? user : undefined);
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

async function* timedRecords(rows: AsyncIterable<RecordedRow>): AsyncIterable<Row> {
  for await (const recorded of rows) yield { time: recorded.timeMs, values: {}, recorded };
}
