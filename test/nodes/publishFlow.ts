import { plantFlow } from './plantFlow.ts';

type Entry = Record<string, unknown>;

/** A pump whose rows, events, verdicts and cases all go to twin-publish. */
export function publishFlow(url: string, publish: Entry = {}, broker: Entry = {}, asset: Entry = {}, more: Entry[] = []): Entry[] {
  return plantFlow({
    asset: { wires: [['publish', 'anomaly'], ['publish', 'alert']], ...asset },
    more: [
      { id: 'mqtt', type: 'twin-mqtt', url, protocolVersion: '5', ...broker },
      { id: 'anomaly', type: 'twin-anomaly', site: 'site', wires: [['publish']] },
      { id: 'alert', type: 'twin-alert', site: 'site', clearAfter: 0, wires: [['publish']] },
      { id: 'publish', type: 'twin-publish', site: 'site', mqtt: 'mqtt', every: 0, wires: [['out']], ...publish },
      { id: 'out', type: 'helper' },
      ...more,
    ],
  });
}
