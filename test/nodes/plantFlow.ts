import type { Anomaly, AnomalySignal } from '../../contract/messages.ts';
import type { Message } from '../../nodes/red.d.ts';
import { property } from './startFlow.ts';

type Entry = Record<string, unknown>;

/** A site, a pump type (speed, current, pressure) and one pump; `more` nodes follow. The pump's outputs go to `asset-out` and `events`. */
export function plantFlow(options: { site?: Entry; type?: Entry; asset?: Entry; properties?: Entry[]; more?: Entry[] } = {}): Entry[] {
  const properties = options.properties ?? [
    property('speed', { valueKind: 'setpoint', unit: '/min', label: 'Speed' }),
    property('current', { unit: 'A', label: 'Motor current' }),
    property('pressure', { unit: 'bar', label: 'Pressure', high: '8', highHigh: '9', deadband: '0.1' }),
  ];
  return [
    { id: 'tab', type: 'tab', label: 'plant' },
    { id: 'site', type: 'twin-site', name: 'Plant', ...options.site },
    { id: 'type', type: 'twin-type', name: 'pump', version: 1, properties, ...options.type },
    {
      id: 'asset', type: 'twin-asset', z: 'tab', site: 'site', assetType: 'type', key: 'pump1', name: 'Pump 1', place: 'plant/line1', together: 0,
      wires: [['asset-out'], ['events']], ...options.asset,
    },
    { id: 'asset-out', type: 'helper', z: 'tab' },
    { id: 'events', type: 'helper', z: 'tab' },
    { id: 'catch', type: 'catch', z: 'tab', scope: null, wires: [['caught']] },
    { id: 'caught', type: 'helper', z: 'tab' },
    ...(options.more ?? []).map((entry) => (configNodes.has(String(entry['type'])) ? entry : { z: 'tab', ...entry })),
  ].map((entry) => (Object.hasOwn(entry, 'z') ? { x: 100, y: 100, ...entry } : entry));
}

/** What has no place on a tab. Node-RED tells them apart by x and y. */
const configNodes = new Set(['twin-site', 'twin-type', 'twin-mqtt', 'twin-influxdb']);

/** `error.code` of what a Catch node got. */
export function codeOf(message: Message | undefined): string | undefined {
  return (message?.['error'] as { code?: string } | undefined)?.code;
}

/** A twin's message with a verdict, as twin-anomaly sends it. */
export function verdictMessage(verdict: Anomaly['verdict'], timeMs: number, signals: Partial<AnomalySignal>[] = [], key = 'pump1'): Message {
  const full = signals.map((signal): AnomalySignal => ({ property: 'current', share: 1 / signals.length, kind: 'deviation', value: 7, expected: 4, ...signal }));
  const anomaly: Anomaly = { v: 1, verdict, score: verdict === 'anomaly' ? 2 : 0, signals: full, reason: '' };
  return { topic: key, payload: { current: 7 }, changed: ['current'], updated: ['current'], timestamp: timeMs, quality: {}, twin: { v: 1, key, row: 0 }, anomaly };
}

/** A message of twin-asset's second output. */
export function eventMessage(event: Record<string, unknown>, key = 'pump1'): Message {
  return { topic: key, payload: '', event: { v: 1, text: '', ...event }, timestamp: event['timeMs'], twin: { v: 1, key, row: 0 } };
}
