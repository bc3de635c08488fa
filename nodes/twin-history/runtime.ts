import type { BatchRow, QualityWord, SentValue, TwinHeader } from '../../contract/messages.ts';
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
    twin.show(status('waiting', language));

    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      if (config.influxdb !== '') {
        line = deliverTo(RED, twin, site, config.influxdb, `history:${twin.node.id}`, {
          batchRecords: config.batchRows,
          waitMs: config.flushAfter * 1000,
          keepBytes: config.keepAtMost * 1_000_000,
          onProblem: (problem) => twin.fail(problem),
          onRejected: (count, reason) =>
            twin.fail(new Problem('TWIN_REJECTED', `InfluxDB refused ${count} values: ${reason}`, 'They are set aside and not lost; correct the cause.', { count, reason })),
          onDelivered: (count) => {
            written += count;
            twin.show(status('written', language, { count: written }));
          },
          onWaiting: (count) => twin.show(status('waitingDelivery', language, { count })),
          onDropped: (count) => twin.show(status('dropped', language, { count })),
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
          batch.payload.forEach((row: BatchRow, index) => {
            const { time, ...values } = row;
            lines.push(...lineOf(config.measurement, batch.twin, values as Record<string, SentValue>, batch.quality[index] ?? {}, time));
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
function lineOf(template: string, header: TwinHeader, values: Record<string, SentValue>, quality: Record<string, QualityWord>, timeMs: number): string[] {
  const lineFields: [string, LineField][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value !== null) lineFields.push([name, value]);
    const word = Object.hasOwn(quality, name) ? quality[name] : undefined;
    if (word !== undefined) lineFields.push([`${name}.quality`, word]);
  }
  if (lineFields.length === 0) return [];
  const [typeName = header.type] = header.type.split('@');
  const measurement = template.replaceAll('{type}', typeName).replaceAll('{key}', header.key).replaceAll('{path}', header.path.join('/'));
  const line = encodeLine({ measurement, tags: [['twin', header.key], ['path', header.path.join('/')], ['state', header.state]], fields: lineFields, timeMs: Math.round(timeMs) });
  return line === undefined ? [] : [line];
}
