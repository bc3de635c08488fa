import { against } from './against.ts';
import { apart } from './apart.ts';
import type { CourseDetectorEntry } from './courseDetector.ts';
import type { AnomalyKind, DetectorEntry } from './detector.ts';
import { deviation } from './deviation.ts';
import { drift } from './drift.ts';
import type { JointDetectorEntry } from './jointDetector.ts';
import { noise } from './noise.ts';
import { shape } from './shape.ts';
import { spike } from './spike.ts';
import { step } from './step.ts';
import { stuck } from './stuck.ts';

export type { AnomalyKind, Detector, DetectorEntry, DetectorInput, DetectorParameters } from './detector.ts';

/** Every detector, in the order in which a judge asks them: of two equally sure ones the first gives the finding its name. */
export const detectors: readonly DetectorEntry[] = [stuck, step, noise, spike, drift, deviation];

/** Those that look at all columns at once; the first gives the finding its shares where two are equally sure. */
export const jointDetectors: readonly JointDetectorEntry[] = [apart, against];

/** Those that look at the course of a column in each cycle of a machine that works in cycles. */
export const courseDetectors: readonly CourseDetectorEntry[] = [shape];

/** What the findings of each chart of a judge are called: those of the columns in their order, then what looks at all of them, then what looks at cycles. */
export const chartKinds: readonly AnomalyKind[] = [...detectors.map(({ kind }) => kind), 'relation', 'shape'];
