import type { BatchRow, QualityWord, RecomputedMark, SentValue, TwinHeader } from '../../contract/messages.ts';
import { encodeLine } from '../../engine/lineProtocol.ts';
import type { LineField } from '../../engine/lineProtocol.ts';
import { Problem } from '../../engine/problem.ts';
import type { Site } from '../../engine/site/site.ts';
import { deliverTo } from '../deliverTo.ts';
import type { DeliveryLine } from '../deliverTo.ts';
import type { Message, NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
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
      if (config.influxdb !== '') {
        line = deliverTo(RED, twin, site, config.influxdb, `history:${twin.node.id}`, {
          batchRecords: config.batchRows,
          waitMs: config.flushAfter * 1000,
          keepBytes: config.keepAtMost * 1_000_000,
          ...(config.keepDays > 0 && { keepMs: config.keepDays * 86_400_000 }),
          atCap: config.whenFull as 'dropOldest' | 'block',
          // InfluxDB orders by the time in the line.
          order: 'liveFirst',
          onProblem: (problem) => twin.fail(problem),
          onRejected: (count, reason) =>
            twin.fail(new Problem('TWIN_REJECTED', `InfluxDB refused ${count} values: ${reason}`, 'They are set aside and not lost; correct the cause.', { count, reason })),
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
            twin.warn(new Problem('TWIN_HISTORY_DROPPED', found, 'See why InfluxDB does not take them, or keep more; the site tells from when they are.', { count: dropped }));
          },
        });
      }
      if (line === undefined) twin.show(status('embedded', language));
    });

    onInput(twin, opening, async (message: Message, send) => {
      const site = openSite(handle);
      assetOfMessage(site, message, twin.title);
      if (line !== undefined) {
        const batch = batchOf(message);
        const lines: string[] = [];
        if (batch === undefined) {
          const single = singleOf(message);
          const values: Record<string, SentValue> = {};
          for (const name of single.updated) values[name] = single.payload[name] ?? null;
          lines.push(...lineOf(config.measurement, single.twin, values, single.quality, single.timestamp));
        } else {
          const { recorded, recomputed } = batch.replay ?? {};
          batch.payload.forEach((row: BatchRow, index) => {
            const { time, ...values } = row;
            // What came from history stands there already, but for what was computed anew.
            if (recorded === true && (recomputed === undefined || time < recomputed.fromMs || time >= recomputed.toMs)) return;
            lines.push(...lineOf(config.measurement, batch.twin, values as Record<string, SentValue>, batch.quality[index] ?? {}, time, recomputed));
          });
        }
        if (lines.length > 0) {
          await line.add(lines.map((body) => ({ idempotencyKey: `${twin.node.id}/${started}/${number++}`, body })));
        }
      }
      send(message);
    });
  });
}

/** One line per row: the values as fields, what is not good as a field beside them, who it is as tags. */
function lineOf(template: string, header: TwinHeader, values: Record<string, SentValue>, quality: Record<string, QualityWord>, timeMs: number, recomputed?: RecomputedMark): string[] {
  const lineFields: [string, LineField][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value !== null) lineFields.push([name, value]);
    const word = Object.hasOwn(quality, name) ? quality[name] : undefined;
    if (word !== undefined) lineFields.push([`${name}.quality`, word]);
  }
  if (lineFields.length === 0) return [];
  if (recomputed !== undefined) lineFields.push(['.recomputed', `${new Date(recomputed.atMs).toISOString()} ${recomputed.by}: ${recomputed.why}`]);
  const [typeName = header.type] = header.type.split('@');
  const measurement = template.replaceAll('{type}', typeName).replaceAll('{key}', header.key).replaceAll('{path}', header.path.join('/'));
  const line = encodeLine({ measurement, tags: [['twin', header.key], ['path', header.path.join('/')], ['state', header.state]], fields: lineFields, timeMs: Math.round(timeMs) });
  return line === undefined ? [] : [line];
}
