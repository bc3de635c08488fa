import type { LineFindingMessage, LineFrame, LineFrameMessage, LineFramesMessage, LineMessage, LineView } from '../../contract/line.ts';
import type { Json } from '../../engine/ports.ts';
import { Problem } from '../../engine/problem.ts';
import { LineTwin, type LineTwinSnapshot, type StationWord } from '../../engine/process/lineTwin.ts';
import { LineFrameRecord, framesOf } from '../../engine/site/lineFrames.ts';
import { lineSentence } from '../../engine/site/lineSentences.ts';
import type { Site } from '../../engine/site/site.ts';
import { frameQuestionOf, frameRow } from '../lineFrameQuestion.ts';
import { lineStations, plannedHours, plannedHoursOfDay } from '../lineStations.ts';
import { problemIn } from '../problemSentences.ts';
import type { Message, NodeDefinition, NodeInstance, Request, Response, Runtime } from '../red.d.ts';
import { status } from '../status.ts';
import { assetOfMessage, batchOf, isLate, replayOf, singleOf } from '../twinMessages.ts';
import { languageOf, onInput, openSite, siteOf, twinNode, whenReady } from '../twinNode.ts';
import { fields } from './config.ts';

/** Words of stations wait so long for each other, so that they are taken in the order of their times. */
const togetherMs = 1_000;
const orderEveryMs = 5_000;
/** Machines and relations come one after the other in a deploy; nobody is told off meanwhile. */
const settleMs = 5_000;
const keepEveryMs = 10_000;
const mostWaiting = 100_000;
const mostReplays = 4;
/** Figures that the page asks for are at most so old. */
const viewedEveryMs = 1_000;
const mostSeconds = 86_400;

interface Replayed {
  line: LineTwin;
  dueMs: number;
  /** What stations said and is not taken yet: a replay brings a stretch of one machine and then of the next. */
  words: StationWord[];
  /** Stations of which words wait, and those that have said all. */
  spoke: Set<string>;
  over: Set<string>;
  /** A machine has said all, and the figures were not sent since. */
  ends: boolean;
  marks: object;
  saidMs: number;
}

export default function twinLine(RED: Runtime): void {
  const views = new Map<string, () => LineView>();
  RED.httpAdmin.get('/twinwire/line/:id/ways', RED.auth.needsPermission('twin-line.read'), (request: Request, response: Response) => {
    const line = views.get(request.params.id ?? '')?.().line;
    const nameOf = (key: string): string => line?.stations.find((station) => station.key === key)?.name ?? key;
    response.json((line?.stations ?? []).filter(({ before }) => before.length > 0).map(({ key, name, before, transitS, transitParts, transitBy }) =>
      ({ key, name, before: before.map(nameOf), transitS, transitParts, transitBy })));
  });
  RED.nodes.registerType('twin-line', function constructLine(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { config, node } = twin;
    const handle = siteOf(RED, twin, config.site);
    if (handle === undefined) return;
    const language = languageOf(handle);
    const key = config.key === '' ? node.id : config.key;
    const lineName = config.name === '' ? key : config.name;
    let isPlanned: ((timeMs: number) => boolean) | undefined;
    try {
      isPlanned = plannedHours(config.plannedFrom, config.plannedTo);
    } catch (problem) {
      twin.refusal = problem as Problem;
      twin.fail(problem as Problem);
    }
    const newLine = (): LineTwin =>
      new LineTwin({ key, periodMs: config.period * 3_600_000, staleAfterMs: config.staleAfter * 60_000, batch: config.batch, phase: config.phase, isPlanned });
    const live = newLine();
    const replays = new Map<string, Replayed>();
    let waiting: StationWord[] = [];
    let orderedMs = -Infinity;
    let readyMs = Infinity;
    let dueMs = -Infinity;
    let keptMs = -Infinity;
    let loopProblem: Problem | undefined;
    let viewed: { atMs: number; figures: ReturnType<LineTwin['report']> } = { atMs: -Infinity, figures: undefined };
    const recorded = new LineFrameRecord(key);
    let recording: Promise<unknown> = Promise.resolve();
    twin.show(status('waiting', language));

    /** Relations change while the flow runs: the order is read anew now and then. @throws Problem */
    const order = (site: Site, line: LineTwin): void => {
      const stations = lineStations(site, config.stations, config.modes, config.ways);
      line.setStations(stations);
      if (line !== live) return;
      site.lines.tell({
        key, name: lineName, twin: live, periodMs: config.period * 3_600_000, staleAfterMs: config.staleAfter * 60_000, batch: config.batch,
        plannedHours: plannedHoursOfDay(config.plannedFrom, config.plannedTo), stations,
      });
    };
    const isSettled = (): boolean => performance.now() - readyMs >= settleMs;
    const nameOf = (site: Site) => (station: string): string => site.asset(station)?.twin.name ?? station;

    const tellNews = (site: Site, line: LineTwin, marks: object): void => {
      const { findings, frames } = line.takeNews();
      const told = findings.map((finding): LineFindingMessage => {
        const name = nameOf(site)(finding.station);
        return {
          topic: key, payload: lineSentence(finding, name, language),
          finding: { v: 1, code: finding.code, line: key, station: finding.station, name, timeMs: finding.timeMs }, timestamp: finding.timeMs, ...marks,
        };
      });
      const framed = frames.map(({ change, frame }): LineFrameMessage => {
        const { kind, station, name, startMs, endMs, atStart, atEnd } = frame;
        const time = endMs ?? startMs;
        return {
          topic: key,
          payload: { time, change, ...frameRow(frame, nameOf(site)(station)) },
          frame: {
            v: 1, line: key, kind, change, station, name, startMs, ...(endMs === undefined ? {} : { endMs }), atStart: { ...atStart }, ...(atEnd === undefined ? {} : { atEnd: { ...atEnd } }),
          },
          timestamp: time, ...marks,
        };
      });
      if (line === live) {
        const points = recorded.points(frames.map(({ frame }) => frame));
        if (points.length > 0) recording = recording.then(() => site.historian.write(points)).catch(() => twin.warn(notRecorded(lineName)));
      }
      if (told.length > 0 || framed.length > 0) node.send([null, told as unknown as Message[], framed as unknown as Message[]]);
    };

    const report = (site: Site, line: LineTwin, marks: object): void => {
      const figures = line.report(nameOf(site), lineName);
      if (figures === undefined) return;
      const message: LineMessage = { topic: key, ...figures, ...marks };
      node.send([message as unknown as Message, null, null]);
      tellNews(site, line, marks);
      const { oee, bottleneck } = figures.payload;
      const stopped = figures.line.stations.filter(({ state }) => state === 'down' || state === 'unknown');
      const shown = typeof oee === 'number' && bottleneck !== ''
        ? status('lineOee', language, { oee: Math.round(oee), station: String(bottleneck) }) : status('lineRuns', language, { count: figures.line.stations.length });
      twin.show({ ...shown, fill: stopped.length > 0 ? 'yellow' : 'green' });
    };

    /** What came later than the line can take it: out of order by moments is usual, what is older than a silence is told. */
    const takeLate = (site: Site, station: string, message: Message): void => {
      const nowMs = site.clock.nowMs();
      const rows = wordsOf(station, message).filter(({ timeMs }) => nowMs - timeMs > config.staleAfter * 60_000).length;
      live.late(station, rows, nowMs);
      tellNews(site, live, {});
    };

    const takeWaiting = (site: Site): void => {
      const words = waiting.sort((one, other) => one.timeMs - other.timeMs);
      waiting = [];
      for (const word of words) live.take(word);
      tellNews(site, live, {});
    };

    const takeReplayed = (site: Site, replayed: Replayed): void => {
      const { line, marks, ends } = replayed;
      if (replayed.words.length === 0 && !ends) return;
      for (const word of replayed.words.sort((one, other) => one.timeMs - other.timeMs)) line.take(word);
      replayed.words = [];
      replayed.spoke.clear();
      tellNews(site, line, marks);
      if (!ends && !(line.timeMs >= replayed.dueMs)) return;
      replayed.ends = false;
      replayed.dueMs = line.timeMs + config.interval * 1_000;
      report(site, line, marks);
    };

    const turn = (site: Site): void => {
      for (const replayed of replays.values()) if (performance.now() - replayed.saidMs >= togetherMs) takeReplayed(site, replayed);
      const nowMs = site.clock.nowMs();
      if (performance.now() - orderedMs >= orderEveryMs) {
        orderedMs = performance.now();
        try {
          order(site, live);
          loopProblem = undefined;
        } catch (problem) {
          if (!(problem instanceof Problem)) throw problem;
          loopProblem = problem;
          orderedMs = -Infinity;
          if (isSettled()) twin.fail(problem);
          return;
        }
      }
      if (loopProblem !== undefined) return;
      takeWaiting(site);
      // A site on recorded time has no now of its own.
      if (site.options.clock !== 'replay') live.advance(nowMs);
      tellNews(site, live, {});
      if (performance.now() >= dueMs && !Number.isNaN(live.timeMs)) {
        dueMs = performance.now() + config.interval * 1_000;
        report(site, live, {});
      }
      if (performance.now() - keptMs >= keepEveryMs && !Number.isNaN(live.timeMs)) {
        keptMs = performance.now();
        site.lines.keep(key, live.snapshot() as unknown as Json);
      }
    };

    const problemNow = (): Problem | undefined => twin.refusal ?? (loopProblem?.code === 'TWIN_FEEDS_LOOP' || isSettled() ? loopProblem : undefined);
    const view = (site: Site): LineView => {
      const problem = problemNow();
      if (performance.now() - viewed.atMs >= viewedEveryMs) viewed = { atMs: performance.now(), figures: problem === undefined ? live.report(nameOf(site), lineName) : undefined };
      const labels = (viewed.figures?.line.stations ?? []).flatMap(({ key: station, reasons }) => reasons.map(({ counter }): [string, string] => {
        const property = site.asset(station)?.twin.type.properties.find(({ name }) => name === counter);
        return [`${station}/${counter}`, property === undefined || property.label === '' ? counter : property.label];
      }));
      return {
        key, name: lineName, labels: Object.fromEntries(labels),
        ...(problem === undefined ? {} : { problem: { code: problem.code, text: problemIn(problem, language).message, values: { ...problem.values } } }),
        ...(viewed.figures === undefined ? {} : { payload: viewed.figures.payload, line: viewed.figures.line }),
      };
    };
    const enterWay = (site: Site, station: string, seconds: number | null): void => {
      if (!live.has(station)) {
        throw new Problem('TWIN_LINE_STATION', `${nameOf(site)(station)} is no station of this line.`, 'Enter it in twin-line, draw its "feeds" relation, or take the wire away.', { station });
      }
      if (seconds !== null && !(seconds >= 0 && seconds <= mostSeconds)) {
        throw new Problem('TWIN_LINE_WAY', 'The way to a station has to be 0 to 86,400 seconds.', 'Enter seconds, or leave it empty to let it be learnt.', { station });
      }
      live.setWay(station, seconds);
      viewed = { atMs: -Infinity, figures: undefined };
      site.lines.keep(key, live.snapshot() as unknown as Json);
    };

    let timer: ReturnType<typeof setInterval> | undefined;
    const opening = whenReady(twin, handle, () => {
      const site = handle.site as Site;
      try {
        const saved = site.lines.open(key, node.id);
        if (saved !== undefined) live.restore(saved as unknown as LineTwinSnapshot);
      } catch (problem) {
        twin.refusal = problem as Problem;
        throw problem;
      }
      views.set(node.id, () => view(site));
      site.lines.run({ key, view: () => view(site), openFrames: () => live.openFrames(), setWay: (station, seconds) => enterWay(site, station, seconds) });
      if (twin.refusal !== undefined) return;
      readyMs = performance.now();
      timer = setInterval(() => turn(site), togetherMs);
    });
    twin.onClose(async () => {
      // What was sent to it while the site was opening is part of the line too.
      await opening;
      clearInterval(timer);
      const { site } = handle;
      if (site === undefined) return;
      views.delete(node.id);
      if (timer !== undefined) {
        for (const word of waiting.sort((one, other) => one.timeMs - other.timeMs)) live.take(word);
        tellNews(site, live, {});
        if (!Number.isNaN(live.timeMs)) site.lines.keep(key, live.snapshot() as unknown as Json);
      }
      site.lines.close(key, node.id);
      await recording;
    });

    onInput(twin, handle.ready, async (message: Message) => {
      const site = openSite(handle);
      const question = frameQuestionOf(message, site.clock.nowMs());
      if (question !== undefined) {
        await recording;
        const { frames, more } = await framesOf(site.historian, key, live.openFrames(), question);
        const rows = frames.map((frame: LineFrame) => frameRow(frame, nameOf(site)(frame.station)));
        const { _msgid } = message;
        const answer: LineFramesMessage = { topic: key, payload: rows, frames, more, timestamp: site.clock.nowMs() };
        node.send([null, null, { _msgid, ...answer } as unknown as Message]);
        return;
      }
      const asset = assetOfMessage(site, message, twin.title);
      if (asset === undefined) return;
      if (orderedMs === -Infinity && loopProblem === undefined) turn(site);
      if (isLate(message)) {
        takeLate(site, asset.key, message);
        return;
      }
      const words = wordsOf(asset.key, message);
      const id = replayOf(message);
      if (id === undefined) {
        // A clock that is known to be wrong moves nothing: the line goes by the site's.
        const { clockOffsetMs } = asset.twin;
        for (const word of words) word.timeMs += clockOffsetMs;
        if (loopProblem?.code === 'TWIN_FEEDS_LOOP' || (loopProblem !== undefined && isSettled())) throw loopProblem;
        if (isSettled() && !live.has(asset.key)) {
          throw new Problem('TWIN_LINE_STATION', `${asset.twin.name} is no station of this line.`, 'Enter it in twin-line, draw its "feeds" relation, or take the wire away.', { station: asset.key });
        }
        if (waiting.length + words.length > mostWaiting) takeWaiting(site);
        waiting.push(...words);
        return;
      }
      const mark = message.replay;
      const marks = { historical: true, ...(mark === undefined ? {} : { replay: mark }) };
      let replayed = replays.get(id);
      if (replayed === undefined) {
        replayed = { line: newLine(), dueMs: -Infinity, words: [], spoke: new Set(), over: new Set(), ends: false, marks, saidMs: 0 };
        order(site, replayed.line);
        replays.set(id, replayed);
        if (replays.size > mostReplays) {
          const [oldest, one] = replays.entries().next().value!;
          takeReplayed(site, one);
          replays.delete(oldest);
        }
      }
      if (replayed.spoke.has(asset.key) || replayed.words.length + words.length > mostWaiting) takeReplayed(site, replayed);
      replayed.words.push(...words);
      replayed.spoke.add(asset.key);
      replayed.marks = marks;
      replayed.saidMs = performance.now();
      if ((mark as { complete?: unknown } | undefined)?.complete === true) {
        replayed.over.add(asset.key);
        replayed.ends = true;
      }
      // The last word of the last machine: nothing more is waited for.
      if (config.stations.every(({ key: station }) => station === '' || replayed.over.has(station)) && config.stations.length > 0) takeReplayed(site, replayed);
    });
  });
}

function notRecorded(line: string): Problem {
  return new Problem('TWIN_HISTORY_NOT_WRITTEN', `Events of the line "${line}" could not be written to the embedded history.`, 'Check free space and rights of the data folder.', { line });
}

/** What a message tells, row by row; values that are bad are left out. */
function wordsOf(station: string, message: Message): StationWord[] {
  const batch = batchOf(message);
  if (batch !== undefined) {
    return batch.payload.flatMap((row, index): StationWord[] => {
      if (typeof row !== 'object' || row === null || typeof row.time !== 'number') return [];
      const { time: timeMs, ...values } = row;
      return [{ station, timeMs, mode: String(batch.states[index] ?? ''), values: withoutBad(values, batch.quality?.[String(index)]) }];
    });
  }
  const single = singleOf(message);
  return [{ station, timeMs: single.timestamp, mode: String(single.twin.state ?? ''), values: withoutBad(single.payload, single.quality) }];
}

function withoutBad(values: object, quality: Readonly<Record<string, string>> | undefined): StationWord['values'] {
  const usable = Object.entries(values).filter(([name, value]) => {
    const word = quality !== undefined && Object.hasOwn(quality, name) ? quality[name] : 'good';
    return word !== 'bad' && (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean');
  });
  return Object.fromEntries(usable) as StationWord['values'];
}
