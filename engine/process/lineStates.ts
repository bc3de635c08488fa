/** What a station can be doing (ISO 22400-2 groups them into its times). `unknown`: nothing arrives from it, so nothing is said. */
export type LineState = 'producing' | 'starved' | 'blocked' | 'down' | 'setup' | 'planned stop' | 'unknown';

/** What a twin says of its station; undefined: it doesn't say. */
export interface StationSigns {
  running?: boolean;
  fault?: boolean;
  settingUp?: boolean;
  plannedStop?: boolean;
  /** Told by the machine itself, as many controllers do (PackML Suspended, Held). */
  waitsForParts?: boolean;
  waitsForSpace?: boolean;
  /** When anything last arrived, ms UTC. */
  seenMs: number;
}

/**
 * The state that the signs amount to. What is planned goes before what is wrong, and that before what the machine waits for. Who neither
 * runs nor says why is blocked when the station behind stands, starved when the one before does; with neither, it is down without a
 * reason, not idle.
 * @param before whether the station before gives parts, and `behind` whether the one behind takes them; undefined at the ends of the line
 */
export function lineStateOf(signs: StationSigns | undefined, nowMs: number, staleAfterMs: number, before: LineState | undefined, behind: LineState | undefined): LineState {
  if (signs === undefined || nowMs - signs.seenMs > staleAfterMs) return 'unknown';
  if (signs.plannedStop === true) return 'planned stop';
  if (signs.fault === true) return 'down';
  if (signs.settingUp === true) return 'setup';
  if (signs.running === true) return 'producing';
  if (signs.waitsForSpace === true) return 'blocked';
  if (signs.waitsForParts === true) return 'starved';
  if (signs.running === undefined) return 'unknown';
  if (behind !== undefined && stands(behind, 'blocked')) return 'blocked';
  if (before !== undefined && stands(before, 'starved')) return 'starved';
  return 'down';
}

function stands(state: LineState, passedOn: LineState): boolean {
  return state === 'down' || state === 'setup' || state === 'planned stop' || state === passedOn;
}

export interface StateChange {
  station: string;
  fromMs: number;
  toMs: number;
  state: LineState;
  reason: string;
}

/** Keeps which state a station was in from when to when; memory is one open state and the times per state, for each station. */
export class StateClock {
  readonly station: string;
  private state: LineState = 'unknown';
  private reason = '';
  private sinceMs: number;
  private readonly times = new Map<LineState, number>();
  private readonly reasons = new Map<string, number>();

  constructor(station: string, startMs: number) {
    this.station = station;
    this.sinceMs = startMs;
  }

  /** @returns the state that has ended, when another begins; earlier times than the last are taken as that one */
  set(state: LineState, reason: string, nowMs: number): StateChange | undefined {
    if (state === this.state && reason === this.reason) return undefined;
    const change = this.close(Math.max(nowMs, this.sinceMs));
    this.state = state;
    this.reason = reason;
    return change.toMs > change.fromMs ? change : undefined;
  }

  /** Milliseconds in each state and for each reason, up to now. */
  totals(nowMs: number): { states: Map<LineState, number>; reasons: Map<string, number> } {
    this.close(Math.max(nowMs, this.sinceMs));
    return { states: new Map(this.times), reasons: new Map(this.reasons) };
  }

  get current(): { state: LineState; reason: string; sinceMs: number } {
    return { state: this.state, reason: this.reason, sinceMs: this.sinceMs };
  }

  private close(nowMs: number): StateChange {
    const change = { station: this.station, fromMs: this.sinceMs, toMs: nowMs, state: this.state, reason: this.reason };
    const ms = nowMs - this.sinceMs;
    this.times.set(this.state, (this.times.get(this.state) ?? 0) + ms);
    if (this.reason !== '') this.reasons.set(this.reason, (this.reasons.get(this.reason) ?? 0) + ms);
    this.sinceMs = nowMs;
    return change;
  }
}
