import { readConfig } from '../../contract/fields.ts';
import type { AlertMessage, BatchRow, Expected, ReplayMark, SentValue, TwinEvent, TwinHeader } from '../../contract/messages.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { deliverToAll } from '../deliverToAll.ts';
import type { DeliveryLine } from '../deliverTo.ts';
import { HistoryLines, previewLines } from '../historyLines.ts';
import { objectOf } from '../objectOf.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { siteHandle } from '../siteHandle.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, singleOf } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** A target that is away for days must not fill the log. */
const dropToldEveryMs = 60_000;

export default function twinHistory(RED: Runtime): void {
  RED.nodes.registerType('twin-history', function constructHistory(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const encoder = new HistoryLines(config);
    let line: DeliveryLine | undefined;
    let written = 0;
    let number = 0;
    const started = Date.now();
    let dropped = 0;
    let droppedToldMs = -Infinity;
    /** Since the last attempt that failed, until what had waited is written. */
    let isBehind = false;
    const showWaiting = async (): Promise<void> => {
      const waiting = await line?.waiting(language).catch(() => undefined);
      isBehind = waiting !== undefined;
      twin.show(waiting ?? status('written', language, { count: written }));
    };
    twin.show(status('waiting', language));

    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      if (config.influxdb !== '' || config.file !== '') {
        line = deliverToAll(RED, twin, site, [{ id: config.influxdb, name: `history:${twin.node.id}` }, { id: config.file, name: `history:${twin.node.id}/file` }], {
          batchRecords: config.batchRows,
          waitMs: config.flushAfter * 1000,
          keepBytes: config.keepAtMost * 1_000_000,
          ...(config.keepDays > 0 && { keepMs: config.keepDays * 86_400_000 }),
          atCap: config.whenFull as 'dropOldest' | 'block',
          // Whoever reads the lines orders them by the time in them.
          order: 'liveFirst',
          onProblem: (problem) => twin.fail(problem),
          onRejected: (count, reason) =>
            twin.fail(new Problem('TWIN_REJECTED', `The target refused ${count} values: ${reason}`, 'They are set aside and not lost; correct the cause.', { count, reason })),
          onDelivered: (count) => {
            written += count;
            if (isBehind) void showWaiting();
            else twin.show(status('written', language, { count: written }));
          },
          onWaiting: () => void showWaiting(),
          onDropped: (count) => {
            dropped += count;
            void showWaiting();
            if (Date.now() - droppedToldMs < dropToldEveryMs) return;
            droppedToldMs = Date.now();
            const found = `${dropped} values were given up since the start: more waited, or longer, than may be kept, or they could not be stored.`;
            twin.warn(new Problem('TWIN_HISTORY_DROPPED', found, 'See why they are not taken, or keep more; the site tells from when they are.', { count: dropped }));
          },
        });
      }
      if (line === undefined) twin.show(status('embedded', language));
    });

    onInput(twin, opening, async (message: Message, send) => {
      const site = openSite(handle);
      assetOfMessage(site, message, twin.title);
      if (line !== undefined) {
        const lines = linesOf(site, encoder, message);
        if (lines.length > 0) {
          await line.add(lines.map((body) => ({ idempotencyKey: `${twin.node.id}/${started}/${number++}`, body })));
        }
      }
      send(message);
    });
  });
  RED.httpAdmin.post('/twinwire/history/preview', RED.auth.needsPermission('twin-history.read'), (request: Request, response: Response) => {
    const { config } = readConfig(fields, request.body);
    const site = siteHandle(RED.nodes.getNode(config.site))?.site;
    response.json({ lines: previewLines(site, config, site?.clock.nowMs() ?? Date.now()) });
  });
}

/** What a message has to be written; events and cases are told by what they carry. */
function linesOf(site: Site, encoder: HistoryLines, message: Message): string[] {
  const event = objectOf(message.event) as TwinEvent | undefined;
  if (event !== undefined && typeof event.kind === 'string') {
    const recomputed = (objectOf(message.replay) as ReplayMark | undefined)?.recomputed;
    const isAnew = recomputed !== undefined && event.timeMs >= recomputed.fromMs && event.timeMs < recomputed.toMs;
    return message.historical === true && !isAnew ? [] : encoder.event(message.twin as TwinHeader, event, recomputed);
  }
  if (objectOf(message['case']) !== undefined && objectOf(message['alarm']) !== undefined) return message.historical === true ? [] : encoder.case(message as unknown as AlertMessage);
  const batch = batchOf(message);
  if (batch === undefined) {
    const single = singleOf(message);
    const values: Record<string, SentValue> = {};
    for (const name of single.updated) values[name] = single.payload[name] ?? null;
    const expected = objectOf(message.expected) as Expected | undefined;
    return encoder.row(site, single.twin, { values, quality: single.quality, timeMs: single.timestamp, ...(expected && { expected }) }, message.historical === true);
  }
  const { recorded, recomputed } = batch.replay ?? {};
  const expected = Array.isArray(message.expected) ? (message.expected as Expected[]) : [];
  return batch.payload.flatMap((row: BatchRow, index) => {
    const { time, ...values } = row;
    // What came from history stands there already, but for what was computed anew.
    if (recorded === true && (recomputed === undefined || time < recomputed.fromMs || time >= recomputed.toMs)) return [];
    const normal = expected[index];
    const line = { values: values as Record<string, SentValue>, quality: batch.quality[index] ?? {}, timeMs: time, ...(normal && { expected: normal }) };
    return encoder.row(site, batch.twin, line, message.historical === true, recomputed);
  });
}
