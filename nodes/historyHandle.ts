import type { HistoryReader } from '../engine/ports.ts';
import { Problem } from '../engine/problem.ts';
import type { Site } from '../engine/site/site.ts';
import type { NodeInstance } from './red.d.ts';

/** A database outside that history can be read from, kept by a config node (twin-influxdb). */
export interface HistoryHandle {
  /**
   * @param measurementOf the measurement in which a twin's values stand
   * @throws Problem where its settings do not do
   */
  reader(measurementOf: (twin: string) => string): HistoryReader;
}

const handles = new WeakMap<NodeInstance, HistoryHandle>();

export function offerHistory(node: NodeInstance, handle: HistoryHandle): void {
  handles.set(node, handle);
}

/**
 * The embedded history, or that of a database.
 * @param database '' the embedded one; else the id of a twin-influxdb
 * @param measurement as in twin-history: {type}, {key} and {path} stand for the twin's
 * @throws Problem TWIN_HISTORY_SOURCE, or what the database's settings say
 */
export function historyReader(site: Site, database: NodeInstance | null | undefined, measurement: string): HistoryReader {
  if (database === undefined) return site.historian;
  const handle = database === null ? undefined : handles.get(database);
  if (handle === undefined) throw new Problem('TWIN_HISTORY_SOURCE', 'The database of this node is not there.', 'Open the node and choose an InfluxDB, or none for the embedded history.');
  return handle.reader((key) => {
    const twin = site.asset(key)?.twin;
    return measurement.replaceAll('{type}', twin?.type.name ?? '').replaceAll('{key}', key).replaceAll('{path}', twin?.path.join('/') ?? '');
  });
}
