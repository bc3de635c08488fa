import type { Json } from '../ports.ts';
import { member, numbersFromJson, numbersToJson } from './columnTable.ts';

const weekMs = 604_800_000;
const weeksKept = 8;
/** Where in a week's numbers stands what: its number since 1970, the time that was judged in it, the false alarms allowed in that time, the alarms told. */
const number = 0;
const judgedMs = 1;
const allowed = 2;
const told = 3;
const places = 4;

/** What was promised beside what came of it, over the weeks that are kept (eight). */
export interface ExpectedAgainstSeen {
  /** Weeks in which the machine was judged and sound; > 0 once it is judged. */
  weeks: number;
  /** False alarms that were allowed in that time: the setting of each moment, added up. */
  expected: number;
  /** Anomalies that began, right ones included: whoever knows that one was right takes it off. */
  seen: number;
}

/** Keeps, per week, how many false alarms were allowed and how many anomalies were told, for the last eight weeks. 32 numbers. */
export class AlarmBudget {
  private readonly state = new Float64Array(weeksKept * places);

  /**
   * Takes notice of a row that was judged.
   * @param passedMs time since the one before; 0 where the machine is abnormal, for then no false alarm can begin
   * @param begins whether an anomaly begins with it
   */
  note(timeMs: number, passedMs: number, perWeek: number, begins: boolean): void {
    const { state } = this;
    const week = Math.floor(timeMs / weekMs);
    const place = (((week % weeksKept) + weeksKept) % weeksKept) * places;
    if (state[place + number] !== week) {
      state.fill(0, place, place + places);
      state[place + number] = week;
    }
    state[place + judgedMs]! += passedMs;
    state[place + allowed]! += (perWeek * passedMs) / weekMs;
    if (begins) state[place + told]! += 1;
  }

  /** @param timeMs now: what is older than eight weeks no longer counts. */
  expectedAgainstSeen(timeMs: number): ExpectedAgainstSeen {
    const { state } = this;
    const now = Math.floor(timeMs / weekMs);
    const sum: ExpectedAgainstSeen = { weeks: 0, expected: 0, seen: 0 };
    for (let place = 0; place < state.length; place += places) {
      if (!(now - state[place + number]! < weeksKept)) continue;
      sum.weeks += state[place + judgedMs]! / weekMs;
      sum.expected += state[place + allowed]!;
      sum.seen += state[place + told]!;
    }
    return sum;
  }

  learnAgain(): void {
    this.state.fill(0);
  }

  snapshot(): Json {
    return { weeks: numbersToJson(this.state) };
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  restore(json: Json, what: string): void {
    numbersFromJson(member(json, 'weeks'), this.state, `${what}.weeks`);
  }
}
