import { MemoryGraphStore } from '../../../adapters/memory/memoryGraph.ts';
import type { GraphAnswer, GraphElement, GraphQuestion } from '../../../contract/graph.ts';
import type { Edge, GraphReader, Window } from '../../../engine/graph/graphReader.ts';
import type { Fact, FactKey, FactQuery, GraphChange, GraphRefusal, GraphStore } from '../../../engine/ports.ts';

/** Graph stores with one fault each, and the check that has to catch it. */
export const faultyGraphs: readonly { fault: string; caughtBy: string; open(): GraphStore }[] = [
  {
    fault: 'a second assertion is a second fact',
    caughtBy: 'an assertion made twice is one fact',
    open: () => new (class extends MemoryGraphStore {
      override put(fact: Fact): boolean {
        this.stored.push({ ...fact, endRecordedMs: Infinity, retractedMs: Infinity });
        return super.put(fact);
      }
    })(),
  },
  {
    fault: 'an end is seen before it was recorded',
    caughtBy: 'valid time and recorded time are two things',
    open: () => new (class extends MemoryGraphStore {
      override end(key: FactKey, validToMs: number): void {
        super.end(key, validToMs, 0);
      }
    })(),
  },
  {
    fault: 'a later end writes over the first',
    caughtBy: 'only an open fact is ended, once',
    open: () => new (class extends MemoryGraphStore {
      override believed(key: FactKey): ReturnType<MemoryGraphStore['believed']> {
        const known = super.believed(key);
        if (known !== undefined) delete known.validToMs;
        return known;
      }
    })(),
  },
  {
    fault: 'what is taken back is gone',
    caughtBy: 'what is taken back is believed no longer, but was; said again it is believed again',
    open: () => new (class extends MemoryGraphStore {
      override retract(key: FactKey): void {
        super.retract(key, 0);
      }
    })(),
  },
  {
    fault: 'the relation asked for is not looked at',
    caughtBy: 'is asked by subject, object, relation and source',
    open: () => new (class extends MemoryGraphStore {
      override facts({ relation: _, ...rest }: FactQuery): Promise<Fact[]> {
        return super.facts(rest);
      }
    })(),
  },
  {
    fault: 'the ends of an inverse are not turned round',
    caughtBy: 'a relation is one, from whichever end it is named',
    open: () => new (class extends MemoryGraphStore {
      override put(fact: Fact): boolean {
        return super.put(fact.value === undefined ? { ...fact, subject: fact.object, object: fact.subject } : fact);
      }
    })(),
  },
  {
    fault: 'values become texts',
    caughtBy: 'properties are facts too',
    open: () => new (class extends MemoryGraphStore {
      override put(fact: Fact): boolean {
        return super.put(fact.value === undefined ? fact : { ...fact, value: String(fact.value) });
      }
    })(),
  },
  {
    fault: 'one wrong change keeps the rest out',
    caughtBy: 'refuses what is wrong by its place and applies the rest',
    open: () => new (class extends MemoryGraphStore {
      override async change(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
        for (const [index, change] of changes.entries()) {
          const [refusal] = await super.change([change]);
          if (refusal !== undefined) return [{ ...refusal, place: index }];
        }
        return [];
      }
    })(),
  },
  {
    fault: 'a preview is taken at its word',
    caughtBy: 'a preview says what would be refused and changes nothing',
    open: () => new (class extends MemoryGraphStore {
      override preview(changes: readonly GraphChange[]): Promise<GraphRefusal[]> {
        return super.change(changes);
      }
    })(),
  },
  {
    fault: 'only a direct circle is seen',
    caughtBy: 'nothing is part of itself at any one moment',
    open: () => new (class extends MemoryGraphStore {
      override reaches(from: string, relation: string, to: string, validFromMs: number, validToMs: number): boolean {
        return this.stored.some((fact) => fact.subject === from && fact.relation === relation && fact.object === to && fact.validFromMs < validToMs && (fact.validToMs ?? Infinity) > validFromMs);
      }
    })(),
  },
  {
    fault: 'names are cut at a line break',
    caughtBy: 'treats foreign names as names',
    open: () => new (class extends MemoryGraphStore {
      override putElement(element: GraphElement): void {
        super.putElement({ ...element, name: element.name.split('\n')[0] as string });
      }
    })(),
  },
  {
    fault: 'a corrected record only adds',
    caughtBy: 'a record that comes again changes nothing, a corrected one takes back what it said before',
    open: () => new (class extends MemoryGraphStore {
      override ofSource(): Fact[] {
        return [];
      }
    })(),
  },
  {
    fault: 'own relations join anything',
    caughtBy: 'takes own relations of the site',
    open: () => new (class extends MemoryGraphStore {
      override putRelation(type: Parameters<MemoryGraphStore['putRelation']>[0]): void {
        super.putRelation({ ...type, from: [], to: [] });
      }
    })(),
  },
  {
    fault: 'what was ended still builds the plant',
    caughtBy: 'tells how the plant is built, and finds elements',
    open: () => new (class extends MemoryGraphStore {
      override async structure(relations: readonly string[]): Promise<Fact[]> {
        return this.stored.filter(({ relation }) => relations.includes(relation));
      }
    })(),
  },
  {
    fault: 'the end of the valid time is part of it',
    caughtBy: 'answers 10,000 random as-of questions like the oracle',
    open: () => new (class extends MemoryGraphStore {
      override facts(query: FactQuery): Promise<Fact[]> {
        return query.validMs % 2 === 0 ? super.facts({ ...query, validMs: query.validMs - 1 }) : super.facts(query);
      }
    })(),
  },
  {
    fault: 'the window of a stay ends too late',
    caughtBy: 'answers every ready question on a random graph like the oracle',
    open: () => new (class extends MemoryGraphStore {
      override edges(ids: readonly number[], relations: readonly string[] | undefined, direction: 'out' | 'in', window: Window, rows: number): Edge[] {
        return super.edges(ids, relations, direction, { ...window, untilMs: window.untilMs + 3_600_000 }, rows);
      }
    })(),
  },
  {
    fault: 'a cut is not told',
    caughtBy: 'says when it was cut: by hops, by rows',
    open: () => new (class extends MemoryGraphStore {
      override closure(...parameters: Parameters<MemoryGraphStore['closure']>): ReturnType<GraphReader['closure']> {
        return { reached: super.closure(...parameters).reached };
      }
    })(),
  },
  {
    fault: 'materials of materials are left out',
    caughtBy: "answers a plant's questions as its ledger has them",
    open: () => new (class extends MemoryGraphStore {
      override async ask(question: GraphQuestion, nowMs: number): Promise<GraphAnswer> {
        const answer = await super.ask(question, nowMs);
        return { ...answer, rows: answer.rows.filter(({ role, depth }) => role !== 'material' || depth === 1) };
      }
    })(),
  },
];
