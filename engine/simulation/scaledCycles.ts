import { scaled } from './distribution.ts';
import type { StationModel } from './lineModel.ts';

/** Working times of a station times a factor, those of some kinds of parts too. @param factor by kind; '' is the time of all others */
export function scaledCycles({ cycle, cycleOf }: StationModel, factor: (kind: string) => number): Pick<StationModel, 'cycle' | 'cycleOf'> {
  return {
    cycle: scaled(cycle, factor('')),
    ...(cycleOf === undefined ? {} : { cycleOf: Object.fromEntries(Object.entries(cycleOf).map(([kind, own]) => [kind, scaled(own, factor(kind))])) }),
  };
}
