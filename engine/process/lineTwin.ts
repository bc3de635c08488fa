import type { LineMessage, LineStation } from '../../contract/line.ts';
import { Problem } from '../problem.ts';
import { quantileOfSorted } from '../statistics/order.ts';
import { bottleneckOf } from './bottleneck.ts';
import { type EventFrame, EventFrames, type EventFramesSnapshot, stopPareto } from './eventFrames.ts';
import { countedParts, oeeOf, type Passing } from './lineFigures.ts';
import { type LineState, lineStateOf, type StateChange } from './lineStates.ts';
import { meaningOf, type ModeMeaning, signsOf } from './modeMeaning.ts';
import { transitByPattern, transitBySerial } from './transitTime.ts';

export interface LineStationSettings {
  key: string;
  /** Stations directly before. */
  before: readonly string[];
  /** Counter of all parts, good and bad; '': none. */
  parts: string;
  /** Counters of the bad ones, one for each reason that is told apart. */
  bad: readonly string[];
  /** Property that carries the serial number of the last part; '': none. */
  serial?: string;
  /** Given seconds of the way from the station before; undefined: learnt. */
  transitS?: number | undefined;
  /** Given ideal seconds per part; undefined: learnt. */
  idealS?: number | undefined;
  buffer?: number | undefined;
  modes: ReadonlyMap<string, ModeMeaning>;
}

export interface LineSettings {
  key: string;
  periodMs: number;
  staleAfterMs: number;
  /** Properties that name the batch and the phase; '': none. */
  batch: string;
  phase: string;
  /** Whether work is planned at this time; absent: always. */
  isPlanned?: ((timeMs: number) => boolean) | undefined;
}

/** What a station said at one moment. */
export interface StationWord {
  station: string;
  timeMs: number;
  mode: string;
  values: Readonly<Record<string, number | string | boolean | null>>;
}

export interface LineFinding {
  code:
    | 'LINE_BOTTLENECK' | 'LINE_STOP' | 'TWIN_LINE_SILENT' | 'TWIN_LINE_LATE' | 'TWIN_LINE_COUNTER_RESET' | 'TWIN_LINE_NOT_ARRIVING' | 'TWIN_LINE_MODE' | 'TWIN_OEE_NO_PLAN'
    | 'TWIN_OEE_RECORD';
  station: string;
  timeMs: number;
  /** Reason, mode or share, as the sentence of this code needs it. */
  detail: string;
}

export interface LineNews {
  findings: LineFinding[];
  frames: { change: 'begins' | 'ends'; frame: EventFrame }[];
}

type Context = Record<string, number | string | boolean>;

interface Station {
  seenMs: number;
  mode: string;
  values: Context;
  state: LineState;
  sinceMs: number;
  reason: string;
  past: StateChange[];
  /** Last reading of the counters, by property; none where what came in between was not seen. */
  counters: Record<string, number>;
  /** Counted, per minute; and the bad ones by counter. */
  minutes: [minute: number, parts: number, bad: number][];
  reasons: [minute: number, counter: string, bad: number][];
  /** Since when counting has had no hole. */
  countedSinceMs: number;
  passings: number[];
  serials: [timeMs: number, serial: string][];
}

export interface LineTwinSnapshot {
  v: 1;
  startMs: number;
  nowMs: number;
  limits: string;
  stations: [string, Station][];
  frames: EventFramesSnapshot;
  /** Ways that people entered on the page, seconds by station. */
  ways?: [station: string, seconds: number][];
  /** Rows that came late, by station and minute. */
  late?: [station: string, minutes: [minute: number, rows: number][]][];
}

const minuteMs = 60_000;
const mostStretches = 5_000;
const mostPassings = 400;
const mostReasons = 20_000;
const mostContext = 200;
const longestTransitMs = 1_800_000;
/** The station that limits is told as another one from here on. */
const sureFrom = 0.8;
/** After a silence, what is so much older than now tells of the past and not of now. */
const lateMs = minuteMs;
/** So many parts given on, and none of them seen by a station that has worked so long. */
const notArrivingParts = 60;
const notArrivingMin = 10;
/** Below it, naming a station would be a guess. */
const unsureBelow = 0.5;
const bottleneckNeedsMs = 600_000;
const learnOverMs = 600_000;
const learnFrom = 6;

/**
 * The twin of a line: takes what its stations say, in the order of time, and knows their states, figures and event frames over a sliding period.
 * Pure: time comes with what is told. Memory is bounded by the period and per station.
 */
export class LineTwin {
  private readonly settings: LineSettings;
  private order: readonly LineStationSettings[] = [];
  private readonly stations = new Map<string, Station>();
  private readonly frames = new EventFrames();
  private startMs = NaN;
  private nowMs = NaN;
  private limits = '';
  private readonly told = new Set<string>();
  private readonly ways = new Map<string, number>();
  private readonly lateRows = new Map<string, [minute: number, rows: number][]>();
  private readonly lateToldMs = new Map<string, number>();
  /** Since when anybody listens: what was said while nothing ran is nobody's silence. */
  private listeningMs = NaN;
  /** Stations of which it was told that nothing comes. */
  private readonly silent = new Set<string>();
  private news: LineNews = { findings: [], frames: [] };

  constructor(settings: LineSettings) {
    this.settings = settings;
  }

  /** In the order of the flow. Stations that are no longer among them are forgotten. */
  setStations(order: readonly LineStationSettings[]): void {
    this.order = order;
    const keys = new Set(order.map(({ key }) => key));
    for (const known of [this.stations, this.lateRows, this.lateToldMs, this.silent]) for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
  }

  get timeMs(): number {
    return this.nowMs;
  }

  has(station: string): boolean {
    return this.order.some(({ key }) => key === station);
  }

  /**
   * What was said earlier than the last word of the line counts as said then: clocks of stations differ. But of a station that was silent, what is more than a
   * minute old tells of a time that counts as not known already, and is counted as late alone.
   */
  take({ station: key, timeMs, mode, values }: StationWord): void {
    const settings = this.order.find((each) => each.key === key);
    if (settings === undefined || !Number.isFinite(timeMs)) return;
    if (Number.isNaN(this.startMs)) this.startMs = this.nowMs = timeMs;
    this.advance(timeMs);
    let station = this.stations.get(key);
    const wasSilent = this.nowMs - this.heardMs(key) > this.settings.staleAfterMs;
    if (wasSilent && this.nowMs - timeMs > lateMs) {
      this.late(key, 1, this.nowMs);
      return;
    }
    if (station === undefined) {
      station = {
        seenMs: this.nowMs, mode: '', values: {}, state: 'unknown', sinceMs: this.nowMs, reason: '', past: [], counters: {}, minutes: [], reasons: [],
        countedSinceMs: this.nowMs, passings: [], serials: [],
      };
      this.stations.set(key, station);
    }
    // What was counted while nobody saw it belongs to no time.
    if (this.nowMs - station.seenMs > this.settings.staleAfterMs) {
      station.counters = {};
      station.countedSinceMs = this.nowMs;
    }
    station.seenMs = this.nowMs;
    station.mode = mode;
    for (const [name, value] of Object.entries(values)) {
      if (value === null) continue;
      if (Object.hasOwn(station.values, name) || Object.keys(station.values).length < mostContext) {
        Object.defineProperty(station.values, name, { value, enumerable: true, configurable: true, writable: true });
      }
    }
    const parts = this.count(key, station, 1, settings.parts, values);
    for (const property of settings.bad) {
      const bad = this.count(key, station, 2, property, values);
      if (bad > 0 && station.reasons.length < mostReasons) station.reasons.push([Math.floor(this.nowMs / minuteMs), property, bad]);
    }
    this.takeSerial(station, settings.serial ?? '', values);
    for (let part = 0; part < Math.min(parts, 5); part += 1) station.passings.push(this.nowMs);
    if (station.passings.length > mostPassings) station.passings.splice(0, station.passings.length - mostPassings);
    this.judge();
    for (const kind of ['batch', 'phase'] as const) {
      const name = this.settings[kind] === '' ? undefined : values[this.settings[kind]];
      if (name !== undefined && name !== null) this.framed(this.frames.name(kind, key, String(name).slice(0, 200), this.nowMs, station.values));
    }
  }

  /** Rows of a station came too late to count; the history has them. */
  late(key: string, rows: number, nowMs: number): void {
    if (!this.has(key) || !(rows > 0) || !Number.isFinite(nowMs)) return;
    const minute = Math.floor(nowMs / minuteMs);
    const minutes = this.lateRows.get(key) ?? [];
    const last = minutes.at(-1);
    if (last === undefined || last[0] < minute) minutes.push([minute, rows]);
    else last[1] += rows;
    this.lateRows.set(key, minutes);
    // Late rows come in heaps: told once, until there was none for a while.
    const toldMs = this.lateToldMs.get(key) ?? -Infinity;
    this.lateToldMs.set(key, nowMs);
    if (nowMs - toldMs > this.settings.staleAfterMs) this.news.findings.push({ code: 'TWIN_LINE_LATE', station: key, timeMs: nowMs, detail: '' });
  }

  /** Time passes: who is silent for too long is not known any more; planned hours begin and end. */
  advance(timeMs: number): void {
    if (Number.isNaN(this.nowMs)) return;
    if (Number.isNaN(this.listeningMs)) this.listeningMs = Math.max(this.nowMs, timeMs);
    if (!(timeMs > this.nowMs)) return;
    const { isPlanned, staleAfterMs } = this.settings;
    const edges = [...this.stations.values()].filter(({ state }) => state !== 'unknown').map(({ seenMs }) => seenMs + staleAfterMs + 1);
    for (const { key } of this.order) if (!this.silent.has(key)) edges.push(this.heardMs(key) + staleAfterMs + 1);
    if (isPlanned !== undefined) {
      const firstMinute = Math.floor(Math.max(this.nowMs, timeMs - this.settings.periodMs) / minuteMs) + 1;
      let before = isPlanned(this.nowMs);
      for (let edge = firstMinute * minuteMs; edge <= timeMs; edge += minuteMs) {
        const planned = isPlanned(edge);
        if (planned !== before) edges.push(edge);
        before = planned;
      }
    }
    for (const edge of edges.sort((one, other) => one - other)) {
      if (edge <= this.nowMs || edge > timeMs) continue;
      this.nowMs = edge;
      this.judge();
    }
    this.nowMs = timeMs;
    this.forget();
  }

  /** A way that somebody entered, seconds from the station before; null: it is learnt again. The settings' own go before it. */
  setWay(station: string, seconds: number | null): void {
    if (seconds === null) this.ways.delete(station);
    else if (Number.isFinite(seconds) && seconds >= 0) this.ways.set(station, seconds);
  }

  /** Way to a station from those before, as entered or by serial numbers; undefined: the pattern alone tells it, or nothing does. */
  surelyWay(key: string): { seconds: number; parts: number } | undefined {
    const settings = this.order.find((one) => one.key === key);
    if (settings === undefined) return undefined;
    const station = this.stations.get(key);
    // The pattern takes longest, and matters only beside what serial numbers say.
    const isSaid = settings.transitS !== undefined || this.ways.has(key);
    if (!isSaid && !settings.before.some((one) => 'ms' in wayBySerial(this.stations.get(one), station))) return undefined;
    const way = this.transitTo(settings, station);
    return way === undefined || way.by === 'pattern' ? undefined : { seconds: way.seconds, parts: way.parts };
  }

  /** Frames that go on. */
  openFrames(): EventFrame[] {
    return this.frames.find({ fromMs: this.nowMs }).filter(({ endMs }) => endMs === undefined);
  }

  takeNews(): LineNews {
    const { news } = this;
    this.news = { findings: [], frames: [] };
    return news;
  }

  /** Figures up to now. @param nameOf a station's name for people */
  report(nameOf: (key: string) => string, name: string): Omit<LineMessage, 'topic'> | undefined {
    if (Number.isNaN(this.nowMs)) return undefined;
    const toMs = this.nowMs;
    const fromMs = Math.max(this.startMs, toMs - this.settings.periodMs);
    const stations = this.order.map((settings) => this.figures(settings, nameOf(settings.key), fromMs, toMs));
    const stretches = new Map(this.order.map(({ key }) => [key, this.stretches(key, fromMs, toMs)]));
    const found = toMs - fromMs < bottleneckNeedsMs || this.order.length < 2 ? undefined : bottleneckOf(stretches, fromMs, toMs);
    if (found !== undefined && found.confidence >= sureFrom && found.station !== this.limits) {
      this.limits = found.station;
      this.say('LINE_BOTTLENECK', found.station, `${Math.round(100 * found.share)}`);
    }
    this.tellNotArriving(stations);
    const last = stations.at(-1);
    const bad = stations.reduce((sum, station) => sum + station.bad, 0);
    const made = last === undefined ? 0 : last.parts + bad - last.bad;
    const knowsQuality = this.order.some((settings) => settings.bad.length > 0);
    const quality = last === undefined || made <= 0 || !knowsQuality ? null : Math.max(0, last.parts - last.bad) / made;
    const oee = last === undefined || quality === null || last.availability === null || last.performance === null ? null : last.availability * last.performance * quality;
    const knownMs = last === undefined ? 0 : toMs - fromMs - minuteMs * last.unknownMin;
    const throughput = last === undefined || knownMs <= 0 || this.order.at(-1)!.parts === '' ? null : (3_600_000 * last.parts) / knownMs;
    const lead = this.leadS(stations);
    const percent = (share: number | null | undefined): number | null => (share === null || share === undefined ? null : rounded(100 * share, 4));
    const stops = [...stretches].flatMap(([station, list]) => stopPareto(list).map(({ reason, count, ms }) => ({ station, reason, count, minutes: rounded(ms / minuteMs, 2) })));
    return {
      timestamp: toMs,
      payload: {
        time: toMs, availability: percent(last?.availability), performance: percent(last?.performance), quality: percent(quality), oee: percent(oee),
        throughput: throughput === null ? null : rounded(throughput, 2), wip: throughput === null || lead === null ? null : rounded((throughput * lead) / 3600, 1),
        cycleTime: lead === null ? null : rounded(lead, 1), bottleneck: found === undefined || found.confidence < unsureBelow ? '' : nameOf(found.station),
        bottleneckConfidence: percent(found?.confidence),
        ...Object.fromEntries(stations.map(({ key, state }) => [`state_${key}`, state])),
      },
      line: {
        v: 1, key: this.settings.key, name, fromMs, timeMs: toMs, stations,
        bottleneck: found === undefined ? null : { station: found.station, share: found.share, confidence: found.confidence },
        scrap: this.scrap(fromMs),
        stops: stops.sort((one, other) => other.minutes - one.minutes).slice(0, 20),
      },
    };
  }

  /** Parts of a station in the period, and the bad ones of them. */
  counted(station: string): { parts: number; bad: number } {
    const minutes = this.stations.get(station)?.minutes ?? [];
    return { parts: minutes.reduce((sum, [, parts]) => sum + parts, 0), bad: minutes.reduce((sum, [, , bad]) => sum + bad, 0) };
  }

  /** States of a station between two times, clipped at the beginning; what goes on ends with what the line knows. */
  statesBetween(station: string, fromMs: number, toMs: number): StateChange[] {
    return this.stretches(station, fromMs, Math.min(toMs, this.nowMs)).filter((stretch) => stretch.fromMs < toMs).map((stretch) => ({ ...stretch, toMs: Math.min(toMs, stretch.toMs) }));
  }

  snapshot(): LineTwinSnapshot {
    const { startMs, nowMs, limits } = this;
    return structuredCloneOf({ v: 1, startMs, nowMs, limits, stations: [...this.stations], frames: this.frames.snapshot(), ways: [...this.ways], late: [...this.lateRows] });
  }

  /** What was known before a restart; the time in between is not known and counts as that. */
  restore(snapshot: LineTwinSnapshot): void {
    if (snapshot.v !== 1 || !Number.isFinite(snapshot.nowMs) || !Array.isArray(snapshot.stations)) return;
    this.startMs = snapshot.startMs;
    this.nowMs = snapshot.nowMs;
    this.limits = snapshot.limits;
    for (const [key, station] of snapshot.stations) {
      // What an older version kept has fewer columns.
      const { counters = {}, reasons = [], serials = [], countedSinceMs = snapshot.nowMs } = station;
      this.stations.set(key, { ...station, counters, reasons, serials, countedSinceMs });
    }
    for (const [station, seconds] of snapshot.ways ?? []) this.ways.set(station, seconds);
    for (const [station, minutes] of snapshot.late ?? []) this.lateRows.set(station, minutes);
    this.listeningMs = NaN;
    this.frames.restore(snapshot.frames);
  }

  /** @param column of the minutes: 1 parts, 2 bad ones */
  private count(key: string, station: Station, column: 1 | 2, property: string, values: StationWord['values']): number {
    const value = property === '' || !Object.hasOwn(values, property) ? undefined : values[property];
    // Whole numbers beyond 2^53 come as text; what they differ by is still exact enough for a line.
    const now = typeof value === 'number' ? value : typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : NaN;
    if (!Number.isFinite(now)) return 0;
    const before = Object.hasOwn(station.counters, property) ? station.counters[property] : undefined;
    Object.defineProperty(station.counters, property, { value: now, enumerable: true, configurable: true, writable: true });
    if (before === undefined) return 0;
    const { parts, resets } = countedParts([before, now]);
    if (resets > 0) this.say('TWIN_LINE_COUNTER_RESET', key, property);
    if (parts <= 0) return 0;
    const minute = Math.floor(this.nowMs / minuteMs);
    let last = station.minutes.at(-1);
    if (last === undefined || last[0] !== minute) station.minutes.push((last = [minute, 0, 0]));
    last[column] += parts;
    return parts;
  }

  private takeSerial(station: Station, property: string, values: StationWord['values']): void {
    const value = property === '' || !Object.hasOwn(values, property) ? null : values[property];
    if (value === null || value === undefined || typeof value === 'boolean') return;
    const serial = String(value).slice(0, 100);
    if (serial === '' || station.serials.at(-1)?.[1] === serial) return;
    station.serials.push([this.nowMs, serial]);
    if (station.serials.length > mostPassings) station.serials.shift();
  }

  /** All states anew: who waits is known by its neighbours, forwards along the line and then back. */
  private judge(): void {
    const { nowMs } = this;
    const isPlanned = this.settings.isPlanned?.(nowMs) ?? true;
    const states = new Map<string, LineState>();
    const behindOf = new Map<string, string[]>();
    for (const { key, before } of this.order) for (const one of before) behindOf.set(one, [...(behindOf.get(one) ?? []), key]);
    const stand = (keys: readonly string[], passedOn: LineState): LineState | undefined => {
      const known = keys.map((key) => states.get(key)).filter((state) => state !== undefined);
      return known.find((state) => state === 'down' || state === 'setup' || state === 'planned stop' || state === passedOn) ?? known[0];
    };
    const stateOf = ({ key, modes, before }: LineStationSettings, withNeighbours: boolean): LineState => {
      const station = this.stations.get(key);
      const signs = station === undefined ? undefined : signsOf(meaningOf(station.mode, modes), isPlanned, station.seenMs);
      return withNeighbours
        ? lineStateOf(signs, nowMs, this.settings.staleAfterMs, stand(before, 'starved'), stand(behindOf.get(key) ?? [], 'blocked'))
        : lineStateOf(signs, nowMs, this.settings.staleAfterMs, undefined, undefined);
    };
    for (const settings of this.order) states.set(settings.key, stateOf(settings, false));
    for (const settings of this.order) states.set(settings.key, stateOf(settings, true));
    for (const settings of [...this.order].reverse()) states.set(settings.key, stateOf(settings, true));
    for (const { key, modes } of this.order) {
      const station = this.stations.get(key);
      if (station === undefined) continue;
      const state = states.get(key)!;
      if (nowMs - station.seenMs <= this.settings.staleAfterMs && meaningOf(station.mode, modes) === undefined) this.sayOnce('TWIN_LINE_MODE', key, station.mode);
      if (state === station.state && (state !== 'down' || station.reason === station.mode)) continue;
      const change = { station: key, fromMs: station.sinceMs, toMs: nowMs, state: station.state, reason: station.reason };
      if (change.toMs > change.fromMs) station.past.push(change);
      if (station.past.length > mostStretches) station.past.shift();
      if (state === 'down' && station.state !== 'down') this.say('LINE_STOP', key, station.mode);
      station.state = state;
      station.reason = station.mode;
      station.sinceMs = nowMs;
      this.framed(this.frames.state(key, state, station.mode, nowMs, station.values));
    }
    for (const { key } of this.order) {
      if (nowMs - this.heardMs(key) <= this.settings.staleAfterMs) this.silent.delete(key);
      else if (!this.silent.has(key)) {
        this.silent.add(key);
        this.say('TWIN_LINE_SILENT', key, '');
      }
    }
  }

  /** When a station said something last; one that never did, or spoke before anybody listened, is waited for from then on. */
  private heardMs(key: string): number {
    return Math.max(this.stations.get(key)?.seenMs ?? -Infinity, this.listeningMs);
  }

  /** A station that works and counts none of what those before it give: a counter that stands, or a wrong one. */
  private tellNotArriving(stations: readonly LineStation[]): void {
    for (const [index, { key, before, parts, bad }] of this.order.entries()) {
      const feeders = before.map((one) => stations.find((station) => station.key === one)).filter((one) => one !== undefined);
      const given = feeders.reduce((sum, one) => sum + one.parts - one.bad, 0);
      const own = stations[index]!;
      const isCounted = parts !== '' && Object.hasOwn(this.stations.get(key)?.counters ?? {}, parts);
      const missing = isCounted && own.parts === 0 && given >= notArrivingParts && own.producedMin >= notArrivingMin && !bad.includes(parts);
      if (missing) this.sayOnce('TWIN_LINE_NOT_ARRIVING', key, '');
      else this.told.delete(`TWIN_LINE_NOT_ARRIVING\n${key}`);
    }
  }

  private figures(settings: LineStationSettings, name: string, fromMs: number, toMs: number): LineStation {
    const { key, parts: partsProperty, bad: badProperties, idealS, buffer, before } = settings;
    const station = this.stations.get(key);
    const ms = new Map<LineState, number>();
    for (const stretch of this.stretches(key, fromMs, toMs)) ms.set(stretch.state, (ms.get(stretch.state) ?? 0) + stretch.toMs - stretch.fromMs);
    const unknownMs = station === undefined ? toMs - fromMs : (ms.get('unknown') ?? 0) + Math.max(0, this.firstMs(station) - fromMs);
    const plannedMs = toMs - fromMs - unknownMs - (ms.get('planned stop') ?? 0);
    const producedMs = ms.get('producing') ?? 0;
    const inPeriod = (station?.minutes ?? []).filter(([minute]) => (minute + 1) * minuteMs > fromMs);
    const parts = inPeriod.reduce((sum, [, count]) => sum + count, 0);
    const bad = inPeriod.reduce((sum, [, , count]) => sum + count, 0);
    const learnt = idealS === undefined && station !== undefined ? this.learntIdealS(key, station, fromMs, toMs) : undefined;
    const ideal = idealS ?? learnt;
    const transit = this.transitTo(settings, station);
    const reasons = this.reasonsOf(key, fromMs);
    let code = '';
    let oee: ReturnType<typeof oeeOf> | undefined;
    if (station === undefined || plannedMs + (ms.get('planned stop') ?? 0) <= 0) code = station?.state === 'unknown' && !this.silent.has(key) ? 'TWIN_LINE_MODE' : 'TWIN_LINE_SILENT';
    else {
      try {
        oee = oeeOf({
          plannedMin: Math.max(0, plannedMs) / minuteMs, producedMin: producedMs / minuteMs, secondsPerPart: ideal ?? 0, produced: parts, good: parts - bad,
        });
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        code = problem.code;
      }
    }
    for (const known of ['TWIN_OEE_NO_PLAN', 'TWIN_OEE_RECORD'] as const) {
      if (code === known) this.sayOnce(known, key, '');
      else this.told.delete(`${known}\n${key}`);
    }
    if (code === '' && partsProperty === '') code = 'TWIN_LINE_NO_COUNTER';
    else if (code === '' && ideal === undefined) code = 'TWIN_LINE_NO_CYCLE';
    const speed = partsProperty === '' || ideal === undefined ? null : (oee?.effectiveness ?? null);
    const quality = badProperties.length === 0 ? null : (oee?.quality ?? null);
    const availability = oee?.availability ?? null;
    return {
      key, name, state: station?.state ?? 'unknown', reason: station?.mode ?? '', sinceMs: station?.sinceMs ?? this.startMs, availability, performance: speed, quality,
      oee: availability === null || speed === null || quality === null ? null : availability * speed * quality, parts, bad,
      plannedMin: Math.max(0, plannedMs) / minuteMs, producedMin: producedMs / minuteMs, unknownMin: unknownMs / minuteMs,
      idealS: ideal ?? null, idealLearnt: learnt !== undefined, transitS: transit?.seconds ?? null, transitParts: transit?.parts ?? 0, transitBy: transit?.by ?? '',
      before: [...before], between: transit === undefined ? null : this.partsBetween(settings, transit.seconds, fromMs, toMs), buffer: buffer ?? null, reasons,
      late: this.lateIn(key, fromMs), code,
    };
  }

  private firstMs(station: Station): number {
    return station.past[0]?.fromMs ?? station.sinceMs;
  }

  private stretches(key: string, fromMs: number, toMs: number): StateChange[] {
    const station = this.stations.get(key);
    if (station === undefined) return [];
    const now = { station: key, fromMs: station.sinceMs, toMs, state: station.state, reason: station.reason };
    return [...station.past, now].filter((stretch) => stretch.toMs > fromMs).map((stretch) => ({ ...stretch, fromMs: Math.max(fromMs, stretch.fromMs) }));
  }

  /** The best that was kept up: of pieces of ten minutes with half of it worked and five parts, the tenth fastest of a hundred. */
  private learntIdealS(key: string, station: Station, fromMs: number, toMs: number): number | undefined {
    const pieces = new Map<number, { parts: number; producedMs: number }>();
    const piece = (timeMs: number): { parts: number; producedMs: number } => {
      const index = Math.floor(timeMs / learnOverMs);
      let found = pieces.get(index);
      if (found === undefined) pieces.set(index, (found = { parts: 0, producedMs: 0 }));
      return found;
    };
    for (const [minute, parts] of station.minutes) piece(minute * minuteMs).parts += parts;
    for (const stretch of this.stretches(key, fromMs, toMs)) {
      if (stretch.state !== 'producing') continue;
      for (let from = stretch.fromMs; from < stretch.toMs; ) {
        const to = Math.min(stretch.toMs, (Math.floor(from / learnOverMs) + 1) * learnOverMs);
        piece(from).producedMs += to - from;
        from = to;
      }
    }
    const seconds = [...pieces.values()].filter(({ parts, producedMs }) => parts >= 5 && producedMs >= learnOverMs / 2).map(({ parts, producedMs }) => producedMs / parts / 1000);
    return seconds.length < learnFrom ? undefined : quantileOfSorted(seconds.sort((one, other) => one - other), 0.1);
  }

  /** As entered, else by serial numbers, else by the pattern of passings. Where ways merge, the longest. */
  private transitTo({ key, before, transitS }: LineStationSettings, station: Station | undefined): { seconds: number; parts: number; by: LineStation['transitBy'] } | undefined {
    if (before.length === 0) return undefined;
    if (transitS !== undefined) return { seconds: transitS, parts: 0, by: 'setting' };
    const entered = this.ways.get(key);
    if (entered !== undefined) return { seconds: entered, parts: 0, by: 'page' };
    let longest: { seconds: number; parts: number; by: LineStation['transitBy'] } | undefined;
    for (const one of before) {
      const other = this.stations.get(one);
      const bySerial = wayBySerial(other, station);
      const found = 'ms' in bySerial ? bySerial : transitByPattern(other?.passings ?? [], station?.passings ?? [], longestTransitMs);
      // One number for a way that changes would be wrong most of the time.
      if (!('ms' in found) || ('varies' in found && found.varies === true)) return undefined;
      if (longest === undefined || found.ms / 1000 > longest.seconds) {
        longest = { seconds: found.ms / 1000, parts: found.parts, by: found.by === 'pattern' ? 'pattern' : 'serial' };
      }
    }
    return longest;
  }

  /**
   * Parts between the stations before and this one: how far their counts are apart now, against the mean of that while it works, which is rate × way (Little 1961).
   * Bad parts leave the line where they are found. null where counts have holes, or a station before feeds others too.
   */
  private partsBetween({ key, before, parts }: LineStationSettings, transitS: number, fromMs: number, toMs: number): number | null {
    const own = this.stations.get(key);
    const feeders = before.map((one) => this.stations.get(one));
    const countedByAll = parts !== '' && before.every((one) => this.order.find((each) => each.key === one)?.parts !== '');
    const isShared = this.order.some((other) => other.key !== key && other.before.some((one) => before.includes(one)));
    if (own === undefined || !countedByAll || isShared || feeders.some((feeder) => feeder === undefined)) return null;
    const since = Math.max(fromMs, own.countedSinceMs, ...feeders.map((feeder) => feeder!.countedSinceMs));
    // Words of one moment come one after the other, so the last whole minute that all have told of is the newest.
    const told = Math.min(toMs, own.seenMs, ...feeders.map((feeder) => feeder!.seenMs));
    const [first, last] = [Math.floor(since / minuteMs) + 1, Math.floor(told / minuteMs) - 1];
    if (last - first < 10) return null;
    const apart = new Float64Array(last - first + 1);
    const add = (station: Station, sign: 1 | -1): void => {
      for (const [minute, counted, bad] of station.minutes) {
        if (minute >= first && minute <= last) apart[minute - first]! += sign * (sign === 1 ? counted - bad : counted);
      }
    };
    add(own, -1);
    for (const feeder of feeders) add(feeder!, 1);
    const made = new Float64Array(apart.length);
    for (const [minute, counted] of own.minutes) if (minute >= first && minute <= last) made[minute - first]! += counted;
    let [now, sum, running, passed] = [0, 0, 0, 0];
    for (let minute = 0; minute < apart.length; minute += 1) {
      now += apart[minute]!;
      // While it stands, what comes on top of the usual is not usual.
      if (made[minute]! <= 0) continue;
      sum += now;
      passed += made[minute]!;
      running += 1;
    }
    return running < 10 ? null : Math.max(0, rounded(now - sum / running + (passed / (60 * running)) * transitS, 1));
  }

  private lateIn(key: string, fromMs: number): number {
    return (this.lateRows.get(key) ?? []).reduce((sum, [minute, rows]) => sum + ((minute + 1) * minuteMs > fromMs ? rows : 0), 0);
  }

  private reasonsOf(key: string, fromMs: number): LineStation['reasons'] {
    const counts = new Map<string, number>();
    for (const [minute, counter, bad] of this.stations.get(key)?.reasons ?? []) if ((minute + 1) * minuteMs > fromMs) counts.set(counter, (counts.get(counter) ?? 0) + bad);
    return [...counts].map(([counter, count]) => ({ counter, count })).sort((one, other) => other.count - one.count);
  }

  /** Bad parts by station and counter, most first (Pareto). */
  private scrap(fromMs: number): LineMessage['line']['scrap'] {
    const rows = this.order.flatMap(({ key }) => this.reasonsOf(key, fromMs).map(({ counter, count }) => ({ station: key, counter, count })));
    return rows.sort((one, other) => other.count - one.count).slice(0, 20);
  }

  /** From the first station to the last along the longest way; null where a way between two of them is not known. */
  private leadS(stations: readonly LineStation[]): number | null {
    if (stations.length < 2) return null;
    const lead = new Map<string, number | null>();
    for (const [index, { key, before }] of this.order.entries()) {
      const { transitS } = stations[index]!;
      let most: number | null = before.length === 0 ? 0 : transitS;
      for (const one of before) {
        const way = lead.get(one) ?? null;
        most = most === null || way === null || transitS === null ? null : Math.max(most, way + transitS);
      }
      lead.set(key, most);
    }
    return lead.get(this.order.at(-1)!.key) ?? null;
  }

  private framed(frames: readonly EventFrame[]): void {
    for (const frame of frames) this.news.frames.push({ change: frame.endMs === undefined ? 'begins' : 'ends', frame: { ...frame } });
  }

  private say(code: LineFinding['code'], station: string, detail: string): void {
    this.news.findings.push({ code, station, timeMs: this.nowMs, detail: detail.slice(0, 200) });
  }

  private sayOnce(code: LineFinding['code'], station: string, detail: string): void {
    const name = detail === '' ? `${code}\n${station}` : `${code}\n${station}\n${detail}`;
    if (this.told.has(name)) return;
    if (this.told.size >= 1_000) this.told.clear();
    this.told.add(name);
    this.say(code, station, detail);
  }

  private forget(): void {
    const oldest = this.nowMs - this.settings.periodMs;
    for (const minutes of this.lateRows.values()) while (minutes.length > 0 && (minutes[0]![0] + 1) * minuteMs <= oldest) minutes.shift();
    for (const station of this.stations.values()) {
      let gone = 0;
      while (gone < station.past.length && station.past[gone]!.toMs <= oldest) gone += 1;
      if (gone > 0) station.past.splice(0, gone);
      gone = 0;
      while (gone < station.minutes.length && (station.minutes[gone]![0] + 1) * minuteMs <= oldest) gone += 1;
      if (gone > 0) station.minutes.splice(0, gone);
      gone = 0;
      while (gone < station.reasons.length && (station.reasons[gone]![0] + 1) * minuteMs <= oldest) gone += 1;
      if (gone > 0) station.reasons.splice(0, gone);
    }
  }
}

const wholeNumber = /^\d{1,20}$/;

function wayBySerial(left: Station | undefined, arrived: Station | undefined): ReturnType<typeof transitBySerial> {
  return transitBySerial(passingsOf(left), passingsOf(arrived, left));
}

/**
 * Serial numbers with their times. With `asked`, the times at which this station was at the serial numbers of the other one: where both count upwards,
 * in between is as far in between in time, for a controller is read far less often than parts come.
 */
function passingsOf(station: Station | undefined, asked?: Station): Passing[] {
  const serials = station?.serials ?? [];
  const plain = serials.map(([timeMs, part]) => ({ part, timeMs }));
  if (asked === undefined) return plain;
  if (![...serials, ...asked.serials].every(([, serial]) => wholeNumber.test(serial))) return plain;
  if (!serials.every(([, serial], index) => index === 0 || BigInt(serial) > BigInt(serials[index - 1]![1]))) return plain;
  const found: Passing[] = [];
  let at = 1;
  for (const [, part] of asked.serials) {
    const wanted = BigInt(part);
    while (at < serials.length && BigInt(serials[at]![1]) < wanted) at += 1;
    const [before, behind] = [serials[at - 1], serials[at]];
    if (before === undefined || behind === undefined || wanted < BigInt(before[1])) continue;
    const share = Number(wanted - BigInt(before[1])) / Number(BigInt(behind[1]) - BigInt(before[1]));
    found.push({ part, timeMs: before[0] + share * (behind[0] - before[0]) });
  }
  return found;
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

function structuredCloneOf(snapshot: LineTwinSnapshot): LineTwinSnapshot {
  return JSON.parse(JSON.stringify(snapshot)) as LineTwinSnapshot;
}
