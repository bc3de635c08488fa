import type {
  AskedLine, CauseAnswer, CauseQuestion, Scenario, ScenarioAnswer, ScenarioChange, ScenarioChoice, ScenarioFigure, ScenarioNumber, ScenarioQuality, ScenarioTrust, StoredScenario,
} from '../../contract/lineAnswers.ts';
import type { Clock, Json, SeriesColumns } from '../ports.ts';
import { Problem } from '../problem.ts';
import { wayBetween, feedGraph, type FeedRelation } from '../process/feedGraph.ts';
import type { LineStationSettings } from '../process/lineTwin.ts';
import type { StationSeries } from '../process/partTable.ts';
import { countedProducts, type ProductRecord } from '../process/productRecord.ts';
import type { RecordedModel } from '../process/recordedModel.ts';
import type { ScenarioOrder, ScenarioRuns } from '../process/scenarioRuns.ts';
import type { CounterReadings, StationRecord } from '../process/stationRecord.ts';
import { type LineChange, measuresOf, type StationPower, whatIfAnswer } from '../process/whatIf.ts';
import type { RunResult } from '../simulation/simulateLine.ts';
import { studentTQuantile } from '../statistics/studentT.ts';
import { displayUnit } from '../twin/unitText.ts';
import { causeAnswerSentence, causeNotes } from './causeSentences.ts';
import type { LineWork } from './lineWork.ts';
import { areProducts, mixChange, ProductReader, whyNoMix } from './productMix.ts';
import { productNotes } from './productSentences.ts';
import { changeText, figureText, fitNotes, kindLabel, qualityText, scenarioSentence, scenarioSteps, trustText, whyNot, withheldSentence } from './scenarioSentences.ts';
import { type Language, timeText } from './sentences.ts';
import type { Site } from './site.ts';
import type { OpenLine } from './siteLines.ts';

const mostPoints = 60_000;
const mostSeries = 300;
const mostStored = 20;
const mostChanges = 20;
const mostRuns = 30;
const fewestRuns = 12;
const runHours = 8;
const warmUpS = 3_600;
/** Parts through stations, all runs of one line together: about a second on two cores. */
const mostVisits = 1_000_000;
/** So long a line is taken for the same, so that another scenario costs half. */
const modelHoldsMs = 120_000;
const mostModels = 20;
const shortestMs = 600_000;
const longestMs = 31 * 86_400_000;
const plainKinds = ['speed', 'repair', 'failures'] as const;

/** What the outside gives to studies of lines. */
export interface StudyPorts {
  clock: Clock;
  /** Absent: nothing is reckoned. */
  lineWork?: LineWork;
  /** A time as people at the plant read it, seen from another one: "10:20". Absent: UTC. */
  localTime?: (timeMs: number, fromMs: number) => string;
  /** Resolves once everybody else on this thread has had a turn. Absent: nobody else is there. */
  pause?: () => Promise<void>;
}

/** A line as it was fitted a moment ago, and its runs as it is. */
interface KnownModel {
  atMs: number;
  model: RecordedModel;
  power: StationPower;
  count: number;
  today: RunResult[];
}

/**
 * Questions about lines: what goes with scrap, stops, a case or slow time, and what if something were changed. For nodes and the page alike. Reads the
 * site's own history and the line's twin; what takes long is reckoned by `work`, beside the flow. Changes no machine.
 */
export class LineStudies {
  readonly #site: Site;
  readonly #work: LineWork | undefined;
  readonly #ports: StudyPorts;
  readonly #stored = new Map<string, StoredScenario[]>();
  readonly #changed = new Set<string>();
  readonly #models = new Map<string, KnownModel>();
  readonly #running = new Set<Promise<unknown>>();
  #stopped = false;

  constructor(site: Site, ports: StudyPorts) {
    this.#site = site;
    this.#work = ports.lineWork;
    this.#ports = ports;
  }

  load(line: string, value: Json): void {
    if (Array.isArray(value)) this.#stored.set(line, value as unknown as StoredScenario[]);
  }

  takeChanges(): { key: string; value: Json | null }[] {
    const changes = [...this.#changed].map((line) => ({ key: `scenarios/${line}`, value: (this.#stored.get(line) ?? null) as unknown as Json | null }));
    this.#changed.clear();
    return changes;
  }

  lines(): AskedLine[] {
    return this.#site.lines.list().map(({ key, name, stations }) => ({ key, name, stations: stations.map((station) => ({ key: station.key, name: this.#nameOf(station.key) })) }));
  }

  /** @throws Problem TWIN_LINE_UNKNOWN, TWIN_LINE_NO_STATIONS, TWIN_LINE_STATION, TWIN_CAUSE_TIME, TWIN_CAUSE_SINCE, TWIN_SIMULATION_… */
  cause(lineKey: string, question: CauseQuestion): Promise<CauseAnswer> {
    return this.#run(() => this.#cause(lineKey, question));
  }

  /** Ends what runs: nothing is read any more when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#running);
  }

  #run<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const running = work();
    this.#running.add(running);
    const over = (): void => void this.#running.delete(running);
    running.then(over, over);
    return running;
  }

  async #turn(): Promise<void> {
    await this.#ports.pause?.();
    this.#mayGoOn();
  }

  #mayGoOn(): void {
    if (this.#stopped) throw new Problem('TWIN_SIMULATION_CLOSED', 'The simulator is closed.', 'Ask again when the flow runs.');
  }

  async #cause(lineKey: string, question: CauseQuestion): Promise<CauseAnswer> {
    this.#mayGoOn();
    const { language } = this.#site.options;
    const line = this.#site.lines.of(lineKey);
    const beganMs = this.#ports.clock.monotonicMs();
    const { fromMs, toMs } = this.#stretch(line, question.fromMs, question.toMs);
    const { sinceMs } = question;
    if (sinceMs !== undefined && !(sinceMs >= fromMs && sinceMs < toMs)) {
      throw new Problem('TWIN_CAUSE_SINCE', 'The time since which bad parts count has to lie between beginning and end.', 'Choose a later time, or an earlier beginning.');
    }
    const stations = await this.#stations(line, fromMs, toMs, question.about !== 'case');
    const judgedAt = this.#judge(line, stations, question);
    const relations = this.#relations(line);
    const graph = feedGraph(relations);
    const upstream = new Set([judgedAt, ...(graph.ancestors.get(judgedAt) ?? [])]);
    for (const { key } of stations) if (question.about !== 'scrap' || upstream.has(key)) upstream.add(key);
    // What a station says of itself while it stops or has its case is no condition upstream of it.
    if (question.about !== 'scrap') upstream.delete(judgedAt);
    const series = await this.#series([...upstream], fromMs - 1_800_000, toMs);
    const kinds = line.batch === '' || question.about !== 'scrap' ? undefined : await this.#kinds(judgedAt, line.batch, fromMs, toMs);
    const fewestBad = Math.round(Math.min(10_000, Math.max(3, question.fewestBad ?? 20)));
    const { answer, ways, notes } = await this.#worker().cause({
      about: question.about, judgedAt, fromMs, toMs, stations, relations, series, waysS: question.waysS ?? {}, fewestBad,
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(kinds === undefined ? {} : { kinds }), ...(question.about === 'case' ? { caseTimes: this.#caseTimes(judgedAt, fromMs, toMs) } : {}),
    });
    const nameOf = (key: string): string => this.#nameOf(key);
    const shown = { ...answer, conditions: answer.conditions.map((condition) => ({ ...condition, unit: displayUnit(condition.unit, language) })) };
    const clock = (timeMs: number): string => this.#ports.localTime?.(timeMs, toMs) ?? timeText(timeMs, language);
    const sentence = causeAnswerSentence(question.about, nameOf(judgedAt), shown, { station: nameOf, property: (station, property) => this.#labelOf(station, property).label, clock }, language);
    return {
      v: 1, line: line.key, lineName: line.name, about: question.about, station: judgedAt, stationName: nameOf(judgedAt), fromMs, toMs, verdict: answer.verdict, sentence,
      bad: answer.bad, good: answer.good, fewestBad: answer.fewestBad, fewestGood: answer.fewestGood, sinceMs: answer.sinceMs ?? null, chance: answer.chance,
      conditions: shown.conditions.map(({ score: _, because: __, path, ...condition }) => ({
        ...condition, stationName: nameOf(condition.station), label: this.#labelOf(condition.station, condition.property).label,
        path: (path.length > 0 ? path : (wayBetween(graph, condition.station, judgedAt) ?? [])).map((key) => ({ key, name: nameOf(key) })),
      })),
      ways: ways.map(({ station, ms, parts, given }) => ({ station, name: nameOf(station), seconds: Math.round(ms / 100) / 10, parts: Number.isFinite(parts) ? parts : 0, given })),
      notes: causeNotes(notes, nameOf, language), tookMs: Math.round(this.#ports.clock.monotonicMs() - beganMs),
    };
  }

  /** What can be changed. Rejects with a Problem as `cause` does. */
  choices(lineKey: string): Promise<ScenarioChoice[]> {
    return this.#run(() => this.#choices(lineKey));
  }

  async #choices(lineKey: string): Promise<ScenarioChoice[]> {
    const { language } = this.#site.options;
    const line = this.#site.lines.of(lineKey);
    const chain = chainOf(line.stations);
    const named = (stations: readonly { key: string }[]): ScenarioChoice['of'] => stations.map(({ key }) => ({ station: key, name: this.#nameOf(key) }));
    const choice = (kind: ScenarioChange['kind'], of: ScenarioChoice['of']): ScenarioChoice => ({ kind, ...kindLabel(kind, language), ...scenarioSteps[kind], of });
    const choices = [...plainKinds.map((kind) => choice(kind, named(chain))), choice('places', named(chain.slice(1))), choice('operators', [])];
    if (line.plannedHours < 24) choices.push({ ...choice('hours', []), maximum: Math.max(0, 24 - line.plannedHours), minimum: -Math.min(12, Math.max(0, line.plannedHours - 1)) });
    const settings = line.stations.flatMap(({ key }) => {
      const asset = this.#site.asset(key);
      const values = asset?.twin.payload() ?? {};
      return (asset?.twin.type.properties ?? []).filter(({ kind }) => kind === 'setpoint' || kind === 'measured').map(({ name, label, unit }): ScenarioChoice['of'][number] => {
        const now = values[name];
        return { station: key, name: this.#nameOf(key), property: name, label, unit: displayUnit(unit, language), ...(typeof now === 'number' ? { now } : {}) };
      });
    });
    if (settings.length > 0) choices.push(choice('setting', settings));
    const mix = await this.#mixNow(line, chain);
    if (mix.length > 0) choices.push(choice('mix', mix));
    return choices;
  }

  /** Products with their share of the parts today, percent; none where no other mix can be tried. */
  async #mixNow(line: OpenLine, chain: readonly LineStationSettings[]): Promise<ScenarioChoice['of']> {
    const { fromMs, toMs } = this.#stretch(line, undefined, undefined);
    const record = await this.#products(line, chain, fromMs, toMs);
    const last = record === undefined ? undefined : chain.findLast(({ key, parts }) => parts !== '' && record.series.some(({ station }) => station === key));
    if (record === undefined || last === undefined || !areProducts(record)) return [];
    const made = countedProducts(record, [{ key: last.key, parts: await this.#counter(last.key, last.parts, fromMs, toMs) }]);
    if (made === undefined || made.runs.length < 2) return [];
    const all = made.parts.reduce((sum, parts) => sum + parts, 0);
    return record.names.map((name, product) => ({ station: '', name: '', property: name, label: name, now: Math.round((1_000 * made.parts[product]!) / all) / 10 }));
  }

  /** Undefined: no station of the row names its product. */
  async #products(line: OpenLine, chain: readonly LineStationSettings[], fromMs: number, toMs: number): Promise<ProductRecord | undefined> {
    this.#mayGoOn();
    const told = line.batch === '' ? [] : chain.filter(({ key }) => this.#site.asset(key)?.twin.type.properties.some(({ name }) => name === line.batch));
    return told.length === 0 ? undefined : new ProductReader(this.#site.historian, () => this.#turn()).read(line.key, line.batch, told, fromMs, toMs);
  }

  /** @throws Problem TWIN_WHAT_IF_CHANGE, TWIN_LINE_RECORD, TWIN_LINE_NO_COUNTER and as `cause` */
  whatIf(lineKey: string, scenario: Scenario): Promise<ScenarioAnswer> {
    return this.#run(() => this.#whatIf(lineKey, scenario));
  }

  async #whatIf(lineKey: string, scenario: Scenario): Promise<ScenarioAnswer> {
    this.#mayGoOn();
    const { language } = this.#site.options;
    const line = this.#site.lines.of(lineKey);
    const beganMs = this.#ports.clock.monotonicMs();
    const chain = chainOf(line.stations);
    checkScenario(scenario, line, chain, language);
    const { fromMs, toMs } = this.#stretch(line, undefined, undefined);
    const texts = scenario.changes.map((change) => this.#changeText(change));
    const what = texts.join(', ');
    const settings = scenario.changes.filter(({ kind }) => kind === 'setting');
    const flow = scenario.changes.filter(({ kind }) => kind !== 'setting');
    const quality = settings.length === 0 ? [] : [await this.#quality(line, settings, fromMs, toMs)];
    const answer: ScenarioAnswer = {
      v: 1, line: line.key, lineName: line.name, name: (scenario.name ?? '').slice(0, 80), changes: scenario.changes.map((change, index) => ({ ...change, text: texts[index]! })),
      verdict: 'answer', sentence: quality.map(({ sentence }) => sentence).join(' '), trust: 'inside experience', trustText: '', figures: [], quality, limitToday: { key: '', name: '' },
      limitThen: { key: '', name: '' }, gainsAlmostNothing: false, fit: { hours: 0, parts: 0, stations: [] }, notes: [], runs: 0, hours: 0, timeMs: toMs, tookMs: 0,
    };
    if (flow.length > 0) await this.#simulate(answer, line, chain, flow, scenario, what, fromMs, toMs);
    answer.trustText = trustText(answer.trust, language);
    answer.tookMs = Math.round(this.#ports.clock.monotonicMs() - beganMs);
    return answer;
  }

  stored(lineKey: string): StoredScenario[] {
    return [...(this.#stored.get(lineKey) ?? [])];
  }

  /** Answers it and keeps both under its name, at most 20 a line; one of the same name is replaced. @throws Problem TWIN_SCENARIO_NAME, TWIN_SCENARIOS_FULL and as `whatIf` */
  async store(lineKey: string, scenario: Scenario): Promise<StoredScenario> {
    const name = (scenario.name ?? '').trim();
    if (name === '' || name.length > 80) throw new Problem('TWIN_SCENARIO_NAME', 'A scenario is stored under a name of 1 to 80 characters.', 'Give it one.');
    const others = (): StoredScenario[] => this.stored(lineKey).filter((one) => one.name !== name);
    const full = (): void => {
      if (others().length >= mostStored) throw new Problem('TWIN_SCENARIOS_FULL', `There are ${mostStored} stored scenarios already.`, 'Remove one of them first.', { count: mostStored });
    };
    full();
    const answer = await this.whatIf(lineKey, scenario);
    full();
    const stored: StoredScenario = { name, scenario: { ...scenario, name }, storedMs: this.#site.clock.nowMs(), answer };
    this.#keep(lineKey, [...others(), stored]);
    return stored;
  }

  /** Answers all of them anew, so that they are compared on one day and the same luck. @throws Problem as `whatIf` */
  async compare(lineKey: string): Promise<StoredScenario[]> {
    for (const { name, scenario } of this.stored(lineKey)) {
      const answer = await this.whatIf(lineKey, scenario);
      // It may have been taken away meanwhile.
      this.#keep(lineKey, this.stored(lineKey).map((one) => (one.name === name ? { ...one, answer } : one)));
    }
    return this.stored(lineKey);
  }

  /** @returns whether there was one */
  forget(lineKey: string, name: string): boolean {
    const list = this.stored(lineKey);
    const left = list.filter((one) => one.name !== name);
    if (left.length < list.length) this.#keep(lineKey, left);
    return left.length < list.length;
  }

  #keep(lineKey: string, list: StoredScenario[]): void {
    if (list.length === 0) this.#stored.delete(lineKey);
    else this.#stored.set(lineKey, list);
    this.#changed.add(lineKey);
  }

  #worker(): LineWork {
    this.#mayGoOn();
    if (this.#work === undefined) throw new Problem('TWIN_SIMULATION_CLOSED', 'The simulator is closed.', 'Ask again when the flow runs.');
    return this.#work;
  }

  #stretch(line: OpenLine, from: number | undefined, to: number | undefined): { fromMs: number; toMs: number } {
    const now = this.#site.options.clock === 'replay' ? line.twin.timeMs : this.#site.clock.nowMs();
    const toMs = to ?? now;
    const fromMs = from ?? toMs - line.periodMs;
    if (!(toMs - fromMs >= shortestMs && toMs - fromMs <= longestMs)) {
      throw new Problem('TWIN_CAUSE_TIME', 'The time to look at has to be 10 minutes to 31 days.', 'Choose another beginning or end.');
    }
    return { fromMs, toMs };
  }

  #nameOf(key: string): string {
    return this.#site.asset(key)?.twin.name ?? key;
  }

  #labelOf(station: string, name: string): { label: string; unit: string } {
    const found = this.#site.asset(station)?.twin.type.properties.find((property) => property.name === name);
    return { label: found === undefined || found.label === '' ? name : found.label, unit: displayUnit(found?.unit ?? '', this.#site.options.language) };
  }

  #changeText(change: ScenarioChange): string {
    const { kind, station = '', property = '' } = change;
    return changeText(change, station === '' ? '' : this.#nameOf(station), kind === 'setting' ? this.#labelOf(station, property) : undefined, this.#site.options.language);
  }

  /** Relations of the site, and the order of the line where rows give it. */
  #relations(line: OpenLine): FeedRelation[] {
    const own = line.stations.flatMap(({ key, before }) => before.map((from) => ({ from, relation: 'feeds', to: key })));
    return [...own, ...this.#site.relations.open().filter(({ relation, from, to }) => (relation === 'feeds' || relation === 'powers') && this.#site.knows(from) && this.#site.knows(to))];
  }

  async #stations(line: OpenLine, fromMs: number, toMs: number, withStates: boolean): Promise<StationRecord[]> {
    const stations: StationRecord[] = [];
    for (const { key, before, parts, bad, buffer, idealS } of line.stations) {
      const made = parts === '' ? undefined : await this.#counter(key, parts, fromMs, toMs);
      const spoiled: CounterReadings[] = [];
      for (const property of bad) spoiled.push(await this.#counter(key, property, fromMs, toMs));
      await this.#ports.pause?.();
      const way = line.twin.surelyWay(key);
      stations.push({
        key, before, bad: spoiled, ...(way === undefined ? {} : { way }), stretches: withStates ? line.twin.statesBetween(key, fromMs, toMs) : [],
        ...(made === undefined ? {} : { parts: made }), ...(buffer === undefined ? {} : { placesBefore: buffer }),
        ...(idealS === undefined ? {} : { idealS }),
      });
    }
    return stations;
  }

  #counter(twin: string, property: string, fromMs: number, toMs: number): Promise<CounterReadings> {
    return this.#columns(twin, property, fromMs, toMs);
  }

  /** Numbers of a series; NaN: bad, or no number. The newest where there are more than 60,000. Others have a turn before each, for what a thread answers comes at once. */
  async #columns(twin: string, property: string, fromMs: number, toMs: number): Promise<CounterReadings> {
    await this.#turn();
    const { historian } = this.#site;
    let columns = await historian.columns(twin, property, fromMs, toMs, mostPoints);
    if (columns.times.length === mostPoints) columns = await historian.columns(twin, property, toMs - (columns.times[mostPoints - 1]! - columns.times[0]!), toMs, mostPoints);
    return { times: columns.times.slice(), values: numbersOf(columns) };
  }

  async #series(stations: readonly string[], fromMs: number, toMs: number): Promise<StationSeries[]> {
    const series: StationSeries[] = [];
    for (const station of stations) {
      for (const { name, kind, unit } of this.#site.asset(station)?.twin.type.properties ?? []) {
        if (series.length >= mostSeries || kind === 'counter' || kind === 'state') continue;
        const { times, values } = await this.#columns(station, name, fromMs, toMs);
        if (times.length > 0) series.push({ station, property: name, unit, kind: kind === 'setpoint' ? 'setpoint' : 'measured', times, values });
      }
    }
    return series;
  }

  /** Products as numbers, where there are 2 to 6 of them: a name for each lot would tell nothing. */
  async #kinds(station: string, property: string, fromMs: number, toMs: number): Promise<CounterReadings | undefined> {
    await this.#ports.pause?.();
    const { times, values } = await this.#site.historian.columns(station, property, fromMs, toMs, mostPoints);
    const numbers = new Map<unknown, number>();
    for (const value of values) if (!numbers.has(value)) numbers.set(value, numbers.size);
    if (numbers.size < 2 || numbers.size > 6) return undefined;
    return { times: times.slice(), values: Float64Array.from(values as ArrayLike<unknown>, (value) => numbers.get(value)!) };
  }

  #judge(line: OpenLine, stations: readonly StationRecord[], { about, station }: CauseQuestion): string {
    if (station !== undefined && station !== '') {
      if (stations.some(({ key }) => key === station)) return station;
      throw new Problem('TWIN_LINE_STATION', `${this.#nameOf(station)} is no station of this line.`, 'Enter it in twin-line, draw its "feeds" relation, or take the wire away.', { station });
    }
    const last = line.stations[line.stations.length - 1]!.key;
    if (about === 'stops') {
      const stops = stations.map(({ key, stretches }) => ({ key, count: stretches.filter(({ state }) => state === 'down').length }));
      return stops.reduce((most, one) => (one.count > most.count ? one : most)).key;
    }
    if (about === 'case') return stations.find(({ key }) => this.#site.asset(key)?.cases.open !== undefined)?.key ?? last;
    if (about === 'slow') return last;
    const rise = ({ values }: CounterReadings): number => {
      let sum = 0;
      for (let at = 1; at < values.length; at += 1) if (values[at]! > values[at - 1]!) sum += values[at]! - values[at - 1]!;
      return sum;
    };
    const scrap = stations.map(({ key, bad }) => ({ key, count: bad.length === 0 ? -1 : bad.reduce((sum, one) => sum + rise(one), 0) }));
    const most = scrap.reduce((one, other) => (other.count >= one.count && other.count >= 0 ? other : one));
    return most.count < 0 ? last : most.key;
  }

  #caseTimes(key: string, fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
    const open = this.#site.asset(key)?.cases.open;
    const ended = this.#site.endedCases(key).map((stored) => stored.case).filter(({ historical }) => !historical);
    return [...ended, ...(open === undefined ? [] : [open])]
      .map(({ sinceMs, clearedMs }) => ({ fromMs: sinceMs, toMs: clearedMs ?? toMs })).filter((one) => one.fromMs < toMs && one.toMs > fromMs);
  }

  async #quality(line: OpenLine, changes: readonly ScenarioChange[], fromMs: number, toMs: number): Promise<ScenarioQuality> {
    const { language } = this.#site.options;
    const stations = await this.#stations(line, fromMs, toMs, false);
    const judge = stations.find(({ key }) => key === this.#judge(line, stations, { about: 'scrap' }))!;
    const nameOf = (setting: string): string => {
      const at = setting.indexOf('/');
      return at < 0 ? setting : `${this.#nameOf(setting.slice(0, at))} ${this.#labelOf(setting.slice(0, at), setting.slice(at + 1)).label}`;
    };
    const label = changes.map((change) => this.#changeText(change)).join(', ');
    if (judge.parts === undefined || judge.bad.length === 0) return qualityText({ verdict: 'not enough data', lots: 0, needs: 13 }, label, nameOf, language);
    const asked: StationSeries[] = [];
    for (const { station = '', property = '' } of changes) asked.push({ station, property, kind: 'setpoint', ...(await this.#columns(station, property, fromMs, toMs)) });
    const others: StationSeries[] = [];
    for (const { key } of line.stations) {
      for (const { name, kind } of this.#site.asset(key)?.twin.type.properties ?? []) {
        if (kind !== 'setpoint' || asked.some(({ station, property }) => station === key && property === name)) continue;
        others.push({ station: key, property: name, kind, ...(await this.#columns(key, name, fromMs, toMs)) });
      }
    }
    const answer = await this.#worker().quality({ fromMs, toMs, parts: judge.parts, bad: judge.bad, series: [...asked, ...others], changes: changes.map(({ amount }) => amount) });
    return qualityText(answer, label, nameOf, language);
  }

  async #simulate(
    answer: ScenarioAnswer, line: OpenLine, chain: readonly LineStationSettings[], flow: readonly ScenarioChange[], scenario: Scenario, what: string, fromMs: number, toMs: number,
  ): Promise<void> {
    const { language } = this.#site.options;
    const nameOf = (key: string): string => this.#nameOf(key);
    const aDay = flow.some(({ kind }) => kind === 'hours');
    const keys = new Set(chain.map(({ key }) => key));
    const rows = flow.filter(({ kind }) => kind === 'mix');
    const products = rows.length === 0 ? undefined : await this.#products(line, chain, fromMs, toMs);
    const noMix = rows.length === 0 ? undefined : whyNoMix(products);
    if (noMix !== undefined) throw cannotTry('mix', whyNot(noMix, language));
    const { model, power, count, today } = await this.#model(line, chain, products, scenario.operators ?? 0, aDay, fromMs, toMs);
    const mix = rows.length === 0 ? undefined : mixChange(rows, model.products);
    if (typeof mix === 'string') throw cannotTry('mix', whyNot(mix, language));
    const changes = [...flow.flatMap((change) => lineChanges(change, chain)), ...(mix === undefined ? [] : [mix])];
    answer.fit = fitOf(model, nameOf);
    const left = line.stations.filter(({ key }) => !keys.has(key)).map(({ key }) => key);
    answer.notes = [...productNotes(model, rows.length > 0, nameOf, language), ...fitNotes(model, left, nameOf, language)];
    answer.hours = aDay ? 24 : runHours;
    answer.runs = count;
    const { after } = await this.#worker().scenario({ ...orderOf(model, aDay, count), changes, only: 'after' });
    const simulated = { today, after };
    const found = whatIfAnswer(simulated.today, simulated.after, changes, new Map(model.experience), power);
    const named = (key: string): { key: string; name: string } => ({ key, name: key === '' ? '' : nameOf(key) });
    answer.limitToday = named(found.limitToday);
    // A change of product that never came is simulated like the others.
    const trust = mix !== undefined && model.products!.neverChanged.length > 0 ? worse(found.trust, 'at the edge') : found.trust;
    answer.trust = worse(answer.trust, trust);
    if (trust === 'never seen' && scenario.forced !== true) {
      answer.verdict = 'withheld';
      answer.sentence = [withheldSentence(what, language), answer.sentence].filter((text) => text !== '').join(' ');
      return;
    }
    answer.limitThen = named(found.limitThen);
    answer.gainsAlmostNothing = found.gainsAlmostNothing;
    answer.figures = figuresOf(simulated, power, aDay, trust, language);
    const sentence = scenarioSentence({
      changes: flow.map((change) => this.#changeText(change)).join(', '), throughput: answer.figures[0]!, limitToday: answer.limitToday.name, limitThen: answer.limitThen.name,
      gainsAlmostNothing: found.gainsAlmostNothing, trust,
    }, language);
    answer.sentence = [sentence, answer.sentence].filter((text) => text !== '').join(' ');
  }

  /** The line as its record has it, and its runs as it is; what was found a moment ago still holds. */
  async #model(
    line: OpenLine, chain: readonly LineStationSettings[], products: ProductRecord | undefined, operators: number, aDay: boolean, fromMs: number, toMs: number,
  ): Promise<KnownModel> {
    const keys = chain.map(({ key }) => key);
    const places = chain.map(({ buffer }) => buffer ?? '');
    const name = JSON.stringify([line.key, operators, aDay, keys, places]);
    const nowMs = this.#ports.clock.monotonicMs();
    const before = this.#models.get(name);
    if (before !== undefined && nowMs - before.atMs < modelHoldsMs) return before;
    const read = await this.#stations(line, fromMs, toMs, true);
    const stations = keys.map((key) => read.find((station) => station.key === key)!);
    const power = await this.#power(stations, fromMs, toMs);
    const known = products ?? (await this.#products(line, chain, fromMs, toMs));
    const told = known !== undefined && areProducts(known) ? { products: known } : {};
    const model = await this.#worker().model({ fromMs, toMs, stations, operators, plannedHours: aDay ? line.plannedHours : 24, ...told });
    const cycleS = Math.max(...model.fitted.stations.map(({ cycleS: { value } }) => value));
    const visits = (keys.length * 3_600 * (aDay ? 24 : runHours + 1)) / cycleS;
    const count = Math.max(fewestRuns, Math.min(mostRuns, Math.floor(mostVisits / visits)));
    const { today } = await this.#worker().scenario({ ...orderOf(model, aDay, count), changes: [], only: 'today' });
    const found = { atMs: nowMs, model, power, count, today };
    this.#models.set(name, found);
    if (this.#models.size > mostModels) this.#models.delete(this.#models.keys().next().value!);
    return found;
  }

  /** Mean kW of each station while it works, waits and stands, where it measures its power. */
  async #power(stations: readonly StationRecord[], fromMs: number, toMs: number): Promise<StationPower> {
    const power = new Map<string, { producingKw: number; waitingKw: number; downKw: number }>();
    for (const { key, stretches } of stations) {
      const property = this.#site.asset(key)?.twin.type.properties.find(({ unit, kind }) => (unit === 'kW' || unit === 'W') && kind !== 'counter' && kind !== 'setpoint');
      if (property === undefined) continue;
      const { times, values } = await this.#columns(key, property.name, fromMs, toMs);
      const sums = { producing: [0, 0], down: [0, 0], waiting: [0, 0] } as Record<string, [number, number]>;
      let at = 0;
      for (const [index, timeMs] of times.entries()) {
        while (at < stretches.length && stretches[at]!.toMs <= timeMs) at += 1;
        const state = stretches[at] === undefined || stretches[at]!.fromMs > timeMs ? undefined : stretches[at]!.state;
        if (state === undefined || state === 'unknown' || !Number.isFinite(values[index]!)) continue;
        const sum = sums[state === 'producing' || state === 'down' ? state : 'waiting']!;
        sum[0] += values[index]!;
        sum[1] += 1;
      }
      const mean = ([sum, count]: [number, number], else_: number): number => (count === 0 ? else_ : sum / count / (property.unit === 'W' ? 1_000 : 1));
      if (sums['producing']![1] === 0) continue;
      const producingKw = mean(sums['producing']!, 0);
      const waitingKw = mean(sums['waiting']!, producingKw);
      power.set(key, { producingKw, waitingKw, downKw: mean(sums['down']!, waitingKw) });
    }
    return power;
  }
}

/** The longest row of stations that ends with the last one; what joins it from the side is left out. */
export function chainOf(stations: readonly LineStationSettings[]): LineStationSettings[] {
  const byKey = new Map(stations.map((station) => [station.key, station]));
  const lengths = new Map<string, number>();
  for (const { key, before } of stations) lengths.set(key, 1 + Math.max(0, ...before.map((one) => lengths.get(one) ?? 0)));
  const chain: LineStationSettings[] = [];
  for (let at = stations[stations.length - 1]; at !== undefined; ) {
    chain.unshift(at);
    const next = [...at.before].sort((one, other) => (lengths.get(other) ?? 0) - (lengths.get(one) ?? 0))[0];
    at = next === undefined || chain.some(({ key }) => key === next) ? undefined : byKey.get(next);
  }
  return chain;
}

function orderOf({ fitted, uncertain, products }: RecordedModel, aDay: boolean, count: number): Omit<ScenarioOrder, 'changes'> {
  const changes = products === undefined ? {} : { uncertainChanges: products.uncertain };
  return { model: fitted.model, uncertain, ...changes, seed: 1, first: 0, count, ...(aDay ? { warmUpS: 0, runS: 86_400 } : { warmUpS, runS: runHours * 3_600 }) };
}

/** A copy; NaN where the quality is bad or the value no number. */
export function numbersOf({ values, qualities }: SeriesColumns): Float64Array {
  const numbers = values instanceof Float64Array ? values.slice() : new Float64Array(values.length);
  if (!(values instanceof Float64Array)) for (let at = 0; at < numbers.length; at += 1) numbers[at] = numberOf(values[at]);
  for (let at = 0; at < numbers.length; at += 1) if (qualities[at] === 2) numbers[at] = NaN;
  return numbers;
}

/** Counters beyond 2^53 come as text. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : NaN;
}

function cannotTry(kind: string, what: string): Problem {
  return new Problem('TWIN_WHAT_IF_CHANGE', `The change "${kind}" cannot be tried: ${what}.`, 'Correct it; nothing was simulated.', { kind, what });
}

function checkScenario({ changes, operators }: Scenario, line: OpenLine, chain: readonly LineStationSettings[], language: Language): void {
  const impossible = (kind: string, what: string): Problem => cannotTry(kind, whyNot(what, language));
  if (!Array.isArray(changes) || changes.length === 0 || changes.length > mostChanges) throw impossible('', `a scenario has 1 to ${mostChanges} changes`);
  if (operators !== undefined && !(Number.isInteger(operators) && operators >= 1 && operators <= 100)) throw impossible('operators', 'the number of people who repair is 1 to 100');
  for (const { kind, amount, station, property } of changes) {
    if (!Object.hasOwn(scenarioSteps, kind)) throw impossible(String(kind).slice(0, 40), 'there is no such change');
    const { minimum, maximum, wholeLine } = scenarioSteps[kind];
    if (typeof amount !== 'number' || !(amount >= minimum && amount <= maximum)) throw impossible(kind, `${String(amount).slice(0, 40)} is not between ${minimum} and ${maximum}`);
    if ((station === undefined || station === '') && !wholeLine && kind !== 'mix') throw impossible(kind, 'it needs a station');
    if (station !== undefined && station !== '' && !line.stations.some(({ key }) => key === station)) throw impossible(kind, 'the line has nothing of this name');
    if (kind === 'setting' && (property ?? '') === '') throw impossible(kind, 'it needs a property');
    if (kind === 'hours' && line.plannedHours >= 24) throw impossible(kind, 'work is planned at all times; enter the planned hours in twin-line');
    if (kind === 'operators' && operators === undefined) throw impossible(kind, 'how many people repair today is not known; enter it');
    if (kind === 'places' && station === chain[0]?.key) throw impossible(kind, 'there is no buffer in front of the first station');
    if (kind === 'setting' || station === undefined || station === '' || chain.some(({ key }) => key === station)) continue;
    throw impossible(kind, 'the station stands on a side branch, which is not simulated');
  }
}

function lineChanges({ kind, station = '', amount }: ScenarioChange, chain: readonly LineStationSettings[]): LineChange[] {
  switch (kind) {
    case 'speed':
    case 'repair':
    case 'failures':
      return chain.filter(({ key }) => station === '' || key === station).map(({ key }) => ({ kind, station: key, share: amount / 100 }));
    case 'places':
      return [{ kind, buffer: `${chain[chain.findIndex(({ key }) => key === station) - 1]!.key} buffer`, more: amount }];
    case 'operators':
      return [{ kind: 'crew', crew: 'operators', more: amount }];
    case 'hours':
      return [{ kind, shift: 'planned', more: amount }];
    case 'mix':
    case 'setting':
      return [];
  }
}

const names: Record<ReturnType<typeof measuresOf>[number][0], ScenarioFigure['name']> = {
  throughput: 'throughput', 'work in process': 'wip', 'time in line': 'leadTime', oee: 'oee', scrap: 'scrap', energy: 'energy',
};

function figuresOf({ today, after }: ScenarioRuns, power: StationPower, aDay: boolean, trust: ScenarioTrust, language: Site['options']['language']): ScenarioFigure[] {
  return measuresOf(power).map(([measure, , of]): ScenarioFigure => {
    const name = names[measure];
    const factor = name === 'oee' || name === 'scrap' ? 100 : name === 'throughput' && aDay ? 24 : 1;
    const before = today.map((run) => factor * of(run));
    const then = after.map((run) => factor * of(run));
    return {
      name, ...figureText(name, aDay, language), today: spreadOf(before, 0), after: spreadOf(then, 0), change: spreadOf(then.map((value, run) => value - before[run]!), -Infinity), trust,
      trustText: trustText(trust, language),
    };
  });
}

/** Mean, and where nine of ten new runs should lie (Student; prediction interval). */
function spreadOf(values: readonly number[], least: number): ScenarioNumber {
  const finite = values.filter((value) => Number.isFinite(value));
  const count = finite.length;
  const value = finite.reduce((sum, one) => sum + one, 0) / Math.max(1, count);
  if (count < 2) return { value, low: value, high: value };
  const deviation = Math.sqrt(finite.reduce((sum, one) => sum + (one - value) ** 2, 0) / (count - 1));
  const half = studentTQuantile(0.95, count - 1) * deviation * Math.sqrt(1 + 1 / count);
  return { value, low: Math.max(least, value - half), high: value + half };
}

function worse(one: ScenarioTrust, other: ScenarioTrust): ScenarioTrust {
  const order: ScenarioTrust[] = ['inside experience', 'at the edge', 'never seen'];
  return order[Math.max(order.indexOf(one), order.indexOf(other))]!;
}

function fitOf({ fitted }: RecordedModel, nameOf: (key: string) => string): ScenarioAnswer['fit'] {
  const number = ({ value, low, high }: ScenarioNumber): ScenarioNumber => ({ value, low, high });
  const minutes = (seconds: number): number | null => (Number.isFinite(seconds) ? seconds / 60 : null);
  return {
    hours: fitted.hours, parts: fitted.parts,
    stations: fitted.stations.map(({ name, cycleS, misfit, betweenS, repairS, scrap, places }, index) => ({
      station: name, name: nameOf(name), cycleS: number(cycleS), cycles: cycleS.from, misfit, betweenMin: minutes(betweenS.value), repairMin: minutes(repairS.value), stops: betweenS.from,
      scrap: scrap.value, places: index === fitted.stations.length - 1 ? null : places.value, placesAtLeast: places.atLeast,
    })),
  };
}
