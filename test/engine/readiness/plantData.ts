import { SeededRandom } from '../../../demo/seededRandom.ts';
import type { ReadinessCriterion, ReadinessGrade } from '../../../contract/messages.ts';
import { gradeProperty } from '../../../engine/readiness/criterionGrades.ts';
import type { PropertyGrade } from '../../../engine/readiness/criterionGrades.ts';
import { ObservationFacts } from '../../../engine/readiness/observationFacts.ts';
import { Twin } from '../../../engine/twin/twin.ts';
import { compileTwinType } from '../../../engine/twin/twinType.ts';
import type { TwinType } from '../../../engine/twin/twinType.ts';

export const beginMs = Date.UTC(2026, 4, 4);
export const hourMs = 3_600_000;
export const everyMs = 10_000;

/** One value on its way: what it says, when it says it was, when it comes. */
export interface Sent {
  property: string;
  value: unknown;
  sourceMs: number;
  arrivedMs: number;
  quality?: 'good' | 'uncertain' | 'bad';
}

/** A noisy measurement, a slow one, a counter, a state, one that is only sent when it changes, and one without a declared interval. */
export const kinds = ['noisy', 'slow', 'counter', 'state', 'exception', 'undeclared'] as const;
export type Kind = (typeof kinds)[number];

export function plantType(): TwinType {
  const { type, problems } = compileTwinType({
    name: 'plant',
    properties: [
      { name: 'noisy', unit: 'Cel', expectedInterval: '10', smallestChange: '0.1' },
      { name: 'slow', unit: 'bar', expectedInterval: '10', smallestChange: '0.05' },
      { name: 'counter', valueKind: 'counter', expectedInterval: '10' },
      { name: 'state', valueKind: 'state' },
      { name: 'exception', unit: 'mm/s' },
      { name: 'undeclared', unit: 'bar' },
    ],
  });
  if (problems.length > 0) throw problems[0] as Error;
  return type;
}

/** Good data of a machine that runs and pauses, row by row. */
export function* goodData(seed: number, hours: number, fromMs = beginMs): Generator<Sent[]> {
  const random = new SeededRandom(seed);
  let slow = 6;
  let cycles = 1000;
  let exception = 3;
  let told = NaN;
  let pausedUntil = -1;
  for (let row = 0; row < (hours * hourMs) / everyMs; row++) {
    const sourceMs = fromMs + row * everyMs;
    const arrivedMs = sourceMs + 50 + random.uniform() * 200;
    if (row > pausedUntil && random.uniform() < 0.004) pausedUntil = row + 20 + Math.floor(random.uniform() * 30);
    const running = row > pausedUntil;
    slow += (6 + (running ? 1 : 0) - slow) * 0.01 + 0.03 * random.normal();
    if (running) cycles += 1 + Math.floor(random.uniform() * 3);
    exception += (3 - exception) * 0.05 + 0.3 * random.normal();
    const sent: Sent[] = [];
    const add = (property: Kind, value: unknown): void => void sent.push({ property, value, sourceMs, arrivedMs });
    add('noisy', 60 + 0.8 * random.normal());
    add('slow', Math.round(slow * 100) / 100);
    add('counter', cycles);
    add('state', running ? 'running' : 'paused');
    const rounded = Math.round(exception * 10) / 10;
    if (rounded !== told) add('exception', rounded);
    told = rounded;
    add('undeclared', 5 + 0.05 * random.normal());
    yield sent;
  }
}

/** What becomes of the values of a property from some time on: each value gives none, one or more. */
export type Mutation = (sent: Sent, sinceMs: number) => Sent[];

export function mutated(data: Iterable<Sent[]>, kind: Kind, sinceMs: number, mutation: Mutation): Sent[][] {
  return [...data].map((row) => row.flatMap((sent) => (sent.property === kind && sent.sourceMs >= sinceMs ? mutation(sent, sinceMs) : [sent])));
}

/** Feeds rows into a twin and gathers facts. */
export class Observed {
  readonly type = plantType();
  twin: Twin;
  facts: ObservationFacts;
  nowMs = beginMs;

  constructor() {
    this.twin = new Twin({ key: 'm', name: 'M', type: this.type, path: ['m'] });
    this.facts = new ObservationFacts(this.type.properties, 1);
    this.twin.listener = this.facts;
  }

  feed(rows: Iterable<Sent[]>): this {
    for (const row of rows) {
      const byArrival = new Map<number, Sent[]>();
      for (const sent of row) {
        const list = byArrival.get(sent.arrivedMs);
        if (list === undefined) byArrival.set(sent.arrivedMs, [sent]);
        else list.push(sent);
      }
      for (const [arrivedMs, list] of byArrival) {
        this.nowMs = Math.max(this.nowMs, arrivedMs);
        this.twin.apply(
          list.map(({ property, value, sourceMs, quality }) => ({ address: property, value, sourceTimeMs: sourceMs, quality: quality ?? 'good' }) as never),
          this.nowMs,
        );
      }
    }
    return this;
  }

  grades(nowMs = this.nowMs): Map<string, PropertyGrade> {
    return new Map(this.type.properties.map((property) => [property.name, gradeProperty(property, this.facts.measured(property.index, nowMs), 1)]));
  }
}

export function criteriaOf(grade: PropertyGrade): Map<ReadinessCriterion, ReadinessGrade> {
  return new Map(grade.criteria.map((each) => [each.criterion, each.grade]));
}
