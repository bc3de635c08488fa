import type { RecomputedMark, ReplayMark, TwinEvent } from '../contract/messages.ts';
import type { Observation } from '../engine/observation.ts';
import type { HistoryPoint } from '../engine/ports.ts';
import type { AssetTwin } from '../engine/site/assetTwin.ts';
import type { Site } from '../engine/site/site.ts';
import type { TwinUpdate } from '../engine/twin/twin.ts';
import { lateMessage, lateValues } from './lateMessage.ts';
import { TwinBatch, twinEventMessage, twinMessage } from './message.ts';
import type { Reading, ReadRow } from './message.ts';
import { largestValues } from './messageLimits.ts';
import type { Message, NodeInstance } from './red.d.ts';
import { replayOf } from './twinMessages.ts';

/** How a node sends what its machines say. */
export interface Sending {
  /** every: each row that brings a value; change: only when something is another now; interval: the state, at its pace. */
  send: string;
  /** Single values that arrive within this time go out as one message. 0: each by itself. */
  togetherMs: number;
}

/** What a message says of its time. */
export interface Marks {
  historical?: true;
  replay?: ReplayMark;
}

type Observations = Extract<Reading, { kind: 'observations' }>;
type Row = Extract<Reading, { kind: 'row' }>;

/** Single values that wait for those that belong to the same moment. */
interface Together {
  observations: Observation[];
  addresses: Set<string>;
  /** The last message of them: its other properties pass through. */
  message: Message;
}

/** Values of a row lie within so much: what the first row of a stretch gave may be dated before the row itself. */
const longestRowMs = 1000;

/** Of a live message. */
export const noMarks: Marks = {};

/** A replay's mark goes on with the message; a message that only says historical gets the common one. */
export function marksOf(message: Message): Marks {
  const id = replayOf(message);
  if (id === undefined) return noMarks;
  const mark = message.replay;
  return { historical: true, replay: typeof mark === 'object' && mark !== null ? { ...(mark as ReplayMark), id } : { id } };
}

/** Of rows from history only what was derived anew goes back there, and only of the stretch that is recomputed. */
function derivedAnew({ twin }: AssetTwin, update: TwinUpdate, stretch: RecomputedMark): HistoryPoint[] {
  return update.accepted.filter(({ property, timeMs }) => {
    const kind = twin.type.properties[twin.type.indexOf.get(property) ?? -1]?.kind;
    return kind === 'derived' && timeMs >= stretch.fromMs && timeMs < stretch.toMs;
  });
}

const mostDevices = 100;

/**
 * One machine behind a node: what it takes from a message and what it sends for it, on the node's two outputs (twin, events).
 * twin-asset has one of these, twin-assets many.
 */
export class MachineTwin {
  readonly asset: AssetTwin;
  readonly #site: Site;
  readonly #node: Pick<NodeInstance, 'send'>;
  readonly #sending: Sending;
  readonly #onState: () => void;
  /** Sparkplug devices, or edge nodes, that its values came from. */
  readonly #devices = new Set<string>();
  #together: Together | undefined;
  #togetherTimer: ReturnType<typeof setTimeout> | undefined;
  /** The last message of interval mode, with the row that belongs to it. */
  #waitingForInterval: Message | undefined;
  /** Up to where the replay that computes anew has come. */
  #cleared: { target: AssetTwin; toMs: number } | undefined;

  /** @param onState called when the machine's state may be another now */
  constructor(site: Site, asset: AssetTwin, node: Pick<NodeInstance, 'send'>, sending: Sending, onState: () => void) {
    this.#site = site;
    this.asset = asset;
    this.#node = node;
    this.#sending = sending;
    this.#onState = onState;
  }

  /** Sends what waits for interval mode; called at its pace. */
  intervalEnded(): void {
    const message = this.#waitingForInterval;
    this.#waitingForInterval = undefined;
    if (message !== undefined) this.#node.send([message, null]);
  }

  close(): void {
    this.#flush();
    this.intervalEnded();
  }

  /** Takes what a message turned out to be. Commands, problems and what is ignored are the node's own matter. */
  take(reading: Reading, message: Message, marks: Marks): void {
    switch (reading.kind) {
      case 'observations':
        this.#observations(this.#ofDevice(reading), message, marks);
        return;
      case 'row':
        this.#row(reading, message, marks);
        return;
      case 'rows':
        this.rows(reading.rows, message, marks);
        return;
      case 'lifecycle':
        if (reading.device !== undefined && this.isFedBy(reading.device) === false) return;
        this.#flush();
        this.events(this.asset.twin.lifecycle(reading.alive, this.#site.clock.nowMs()), noMarks);
        this.#onState();
        return;
      default:
    }
  }

  /**
   * Whether its values come from a Sparkplug device, or from one behind this edge node; undefined while nothing came from any.
   * @param device group/edge/device or group/edge
   */
  isFedBy(device: string): boolean | undefined {
    const isBehind = (address: string): boolean => address === device || address.startsWith(`${device}/`);
    if ([...this.#devices].some(isBehind) || [...this.asset.twin.addresses()].some(isBehind)) return true;
    return this.#devices.size === 0 ? undefined : false;
  }

  /** Values that came before the machine was known: they are its history, and its present where nothing newer is known. */
  takeHeld(observations: readonly Observation[], message: Message): void {
    const update = this.asset.twin.apply(observations, this.#site.clock.nowMs(), true);
    if (update.accepted.length > 0) this.#site.keep(update.accepted);
    this.#late(this.asset, update.accepted.filter(({ value, quality }) => value !== null && quality !== 'bad'), message);
    this.#site.changed(this.asset.key);
    this.#onState();
  }

  events(events: readonly TwinEvent[], marks: Marks, target = this.asset): void {
    if (events.length === 0) return;
    const kept = marks.historical === undefined || target !== this.asset ? target.recordEvents(events) : [];
    if (kept.length > 0) this.#site.keep(kept);
    this.#node.send([null, events.map((event) => twinEventMessage(this.asset.twin, event, marks) as unknown as Message)]);
  }

  #targetOf(message: Message, marks: Marks): AssetTwin {
    return marks.historical === true ? (this.#site.asset(this.asset.key, replayOf(message)) as AssetTwin) : this.asset;
  }

  /** A metric may be meant by its name alone, or with the device before it, where machines of many devices are told apart. */
  #ofDevice(reading: Observations): Observations {
    const { device } = reading;
    if (device === undefined) return reading;
    if (this.#devices.size < mostDevices) this.#devices.add(device);
    return { ...reading, observations: reading.observations.map((one) => ({ ...one, address: this.addressUnder(device, one.address) })) };
  }

  /** The address with the topic before it, where the machine knows it so; else the address alone. */
  addressUnder(topic: string, address: string): string {
    const full = `${topic}/${address}`;
    return topic !== '' && this.asset.twin.knows(full) ? full : address;
  }

  #observations(reading: Observations, message: Message, marks: Marks): void {
    const site = this.#site;
    if (reading.birth === true) this.asset.twin.restartSource();
    if (marks.historical === true) {
      const target = this.#targetOf(message, marks);
      const rowMs = reading.observations.find(({ sourceTimeMs }) => sourceTimeMs !== undefined)?.sourceTimeMs;
      if (rowMs !== undefined) site.clock.observe(rowMs);
      this.#send(target, target.twin.apply(reading.observations, site.clock.nowMs()), message, marks);
      return;
    }
    if (reading.complete || this.#sending.togetherMs === 0) {
      this.#flush();
      this.#send(this.asset, this.asset.twin.apply(reading.observations, site.clock.nowMs()), message, noMarks);
      return;
    }
    // The same address again means that the row before is complete.
    if (this.#together !== undefined && reading.observations.some(({ address }) => this.#together?.addresses.has(address))) this.#flush();
    this.#together ??= { observations: [], addresses: new Set(), message };
    this.#together.message = message;
    for (const observation of reading.observations) {
      this.#together.observations.push(observation);
      this.#together.addresses.add(observation.address);
    }
    if (this.#together.observations.length >= largestValues) this.#flush();
    else this.#togetherTimer ??= setTimeout(() => this.#flush(), this.#sending.togetherMs);
  }

  #flush(): void {
    clearTimeout(this.#togetherTimer);
    this.#togetherTimer = undefined;
    const waiting = this.#together;
    this.#together = undefined;
    if (waiting === undefined) return;
    this.#send(this.asset, this.asset.twin.apply(waiting.observations, this.#site.clock.nowMs()), waiting.message, noMarks);
  }

  #row(reading: Row, message: Message, marks: Marks): void {
    this.#flush();
    const { clock } = this.#site;
    if (marks.historical === true && reading.timeMs !== undefined) clock.observe(reading.timeMs);
    const target = this.#targetOf(message, marks);
    this.#send(target, target.twin.applyRow(reading.values, reading.timeMs, clock.nowMs(), reading), message, marks);
  }

  /** A batch. None at all: the end of a replay whose rows have all been sent already still has to be told. */
  rows(rows: readonly ReadRow[], message: Message, marks: Marks): void {
    this.#flush();
    const site = this.#site;
    const target = this.#targetOf(message, marks);
    const batch = new TwinBatch();
    const events: TwinEvent[] = [];
    const late: HistoryPoint[] = [];
    const stretch = marks.replay?.recomputed;
    if (stretch !== undefined) {
      target.recompute(stretch.fromMs, stretch.toMs);
      this.#clear(target, rows, stretch);
    }
    for (const row of rows) {
      if (marks.historical === true && row.timeMs !== undefined) site.clock.observe(row.timeMs);
      const nowMs = site.clock.nowMs();
      const update = row.recorded === undefined ? target.twin.applyRow(row.values, row.timeMs, nowMs, row) : target.twin.applyRecorded(row.recorded, nowMs);
      const kept = row.recorded === undefined ? update.accepted : stretch === undefined ? [] : derivedAnew(target, update, stretch);
      if (kept.length > 0) site.keep(kept);
      events.push(...update.events);
      const unsent = update.backfill && marks.historical === undefined;
      late.push(...lateValues(update, unsent));
      if (!unsent) batch.add(target.twin, update);
    }
    this.#late(target, late);
    if (batch.length > 0 || marks.replay?.complete === true) {
      const row = target.takeRows(batch.length);
      this.#node.send([batch.message(target.twin, { received: message, row, ...marks }) as unknown as Message, null]);
    }
    this.events(events, marks, target);
    site.changed(target.key);
    this.#onState();
  }

  /** What these rows of a recomputation gave before goes; from where the rows before ended, for it may have lain in between. */
  #clear(target: AssetTwin, rows: readonly ReadRow[], stretch: RecomputedMark): void {
    const [first, last] = [rows[0]?.timeMs, rows.at(-1)?.timeMs];
    if (first === undefined || last === undefined || last < stretch.fromMs) return;
    const known = this.#cleared?.target === target ? this.#cleared.toMs : Math.max(stretch.fromMs, first - longestRowMs);
    const toMs = Math.min(stretch.toMs, last + 1);
    if (toMs > known) this.#site.clearRecomputed(target, known, toMs);
    this.#cleared = { target, toMs };
  }

  /** Sends the twin's message for a row that was applied. */
  #send(target: AssetTwin, update: TwinUpdate, message: Message, marks: Marks): void {
    const site = this.#site;
    if (update.accepted.length > 0) site.keep(update.accepted);
    const unsent = update.backfill && marks.historical === undefined;
    this.#late(target, lateValues(update, unsent));
    if (update.updated.length > 0 && !unsent) {
      const row = target.takeRows(1);
      if (this.#sending.send !== 'change' || update.changed.length > 0) {
        const { historical, replay } = marks;
        const sent = twinMessage(target.twin, update, { received: message, row, historical, replay }) as unknown as Message;
        if (this.#sending.send === 'interval' && marks.historical === undefined) this.#waitingForInterval = sent;
        else this.#node.send([sent, null]);
      }
    }
    if (update.events.length > 0) {
      const { historical, replay } = marks;
      this.events(update.events, historical === true || update.backfill ? { historical: true, ...(replay === undefined ? {} : { replay }) } : noMarks, target);
    }
    site.changed(target.key);
    this.#onState();
  }

  /** Values that are older than what is known still belong to history. */
  #late(target: AssetTwin, points: readonly HistoryPoint[], message?: Message): void {
    if (points.length > 0) this.#node.send([{ ...message, ...lateMessage(target.twin, points) } as unknown as Message, null]);
  }
}
