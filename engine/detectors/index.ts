import type { DetectorEntry } from './detector.ts';
import { deviation } from './deviation.ts';
import { drift } from './drift.ts';
import { noise } from './noise.ts';
import { spike } from './spike.ts';
import { step } from './step.ts';
import { stuck } from './stuck.ts';

export type { AnomalyKind, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';

/** Every detector, in the order in which a judge asks them: of two equally sure ones the first gives the finding its name. */
export const detectors: readonly DetectorEntry[] = [stuck, step, noise, spike, drift, deviation];
