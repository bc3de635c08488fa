import type { AnomalyKind } from './messages.ts';

/** The ticks in the dialog of twin-anomaly, by field, and the kind of finding that each is about. */
export const detectorTicks = {
  spikes: 'spike', steps: 'step', drifts: 'drift', standstill: 'stuck', restlessness: 'noise', deviations: 'deviation', relations: 'relation', courses: 'shape',
} as const satisfies Record<string, AnomalyKind>;
