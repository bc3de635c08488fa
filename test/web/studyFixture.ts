import type { CauseAnswer, CauseQuestion, LineStudyDesk, Scenario, ScenarioAnswer, ScenarioChoice, ScenarioFigure, StoredScenario } from '../../contract/lineAnswers.ts';
import type { Problem } from '../../engine/problem.ts';

/** Answers about a line from memory, as the site would tell them. */
export class MemoryStudies implements LineStudyDesk {
  readonly asked: CauseQuestion[] = [];
  readonly tried: Scenario[] = [];
  kept: StoredScenario[] = [];
  /** Turns every answer into this problem. */
  problem: Problem | undefined;
  verdict: CauseAnswer['verdict'] = 'conditions';

  async cause(line: string, question: CauseQuestion): Promise<CauseAnswer> {
    this.asked.push(question);
    if (this.problem !== undefined) throw this.problem;
    const edges = Array.from({ length: 11 }, (_, index) => 156 + index);
    const conditions: CauseAnswer['conditions'] = [{
      station: 'northfield/sealer', stationName: 'Sealer', property: 'jaw', label: 'Jaw <i>temperature', unit: '°C', direction: 'low', fromOff: 4, toOff: 7, badWith: 182, goodWith: 9, share: 0.71,
      path: [{ key: 'northfield/sealer', name: 'Sealer' }, { key: 'northfield/labeller', name: 'Labeller' }],
      distributions: { edges, bad: [30, 60, 52, 40, 10, 14, 30, 20, 0, 0], good: [0, 1, 3, 5, 40, 400, 1200, 1100, 300, 51] },
    }];
    const told = {
      conditions: 'Sealer: 71 % of the scrap since 10:20 goes with Jaw temperature 4–7 °C low (182 of 256 bad parts, 9 of 3,100 good).',
      'none of these': 'None of these: nothing that is measured goes with the 256 bad parts.', 'not enough data': 'Not enough data: 12 bad parts, needs 20.',
    };
    return {
      v: 1, line, lineName: 'Packaging line 1', about: question.about, station: 'northfield/labeller', stationName: 'Labeller', fromMs: 0, toMs: 1, verdict: this.verdict, sentence: told[this.verdict],
      bad: 256, good: 3100, fewestBad: 20, fewestGood: 100, sinceMs: null, chance: 0.005, conditions: this.verdict === 'conditions' ? conditions : [],
      ways: [], notes: ['Filler: nothing was measured there.'], tookMs: 5,
    };
  }

  async choices(): Promise<ScenarioChoice[]> {
    const of = [{ station: 'northfield/filler', name: 'Filler' }, { station: 'northfield/sealer', name: 'Sealer' }];
    return [
      { kind: 'speed', label: 'Speed', unit: '%', step: 1, minimum: -3, maximum: 100, wholeLine: true, of },
      { kind: 'places', label: 'Buffer places', unit: '', step: 1, minimum: -10, maximum: 10, wholeLine: false, of: of.slice(1) },
      {
        kind: 'setting', label: 'Setting', unit: '', step: 0.5, minimum: -100, maximum: 100, wholeLine: false,
        of: [{ station: 'northfield/sealer', name: 'Sealer', property: 'jaw', label: 'Jaw temperature', unit: '°C', now: 165 }],
      },
      {
        kind: 'mix', label: 'Share of a product', unit: '%', step: 5, minimum: 0, maximum: 100, wholeLine: false,
        of: [{ station: '', name: '', property: 'Still <i>0.5 l', label: 'Still <i>0.5 l', now: 61.3 }, { station: '', name: '', property: 'Sparkling', label: 'Sparkling', now: 38.7 }],
      },
    ];
  }

  async whatIf(line: string, scenario: Scenario): Promise<ScenarioAnswer> {
    this.tried.push(scenario);
    if (this.problem !== undefined) throw this.problem;
    const trust = scenario.forced === true || scenario.changes.some(({ kind, amount }) => kind !== 'mix' && amount > 5) ? 'never seen' : 'inside experience';
    const withheld = trust === 'never seen' && scenario.forced !== true;
    const figure = (name: ScenarioFigure['name'], label: string, unit: string, today: number, after: number): ScenarioFigure => ({
      name, label, unit, today: { value: today, low: today * 0.95, high: today * 1.05 }, after: { value: after, low: after * 0.95, high: after * 1.05 },
      change: { value: after - today, low: after - today - 1, high: after - today + 1 }, trust, trustText: trust,
    });
    return {
      v: 1, line, lineName: 'Packaging line 1', name: scenario.name ?? '', changes: scenario.changes.map((change) => ({ ...change, text: `${change.kind} ${change.amount}` })),
      verdict: withheld ? 'withheld' : 'answer', sentence: withheld ? 'The line was never run anywhere near this.' : 'Speed +2 % changes almost nothing.', trust, trustText: trust,
      figures: withheld ? [] : [figure('throughput', 'Good parts', 'parts/h', 4536, 4537), figure('oee', 'OEE', '%', 82.3, 82.2), figure('leadTime', 'Time through the line', 's', 76, 72)],
      quality: [], limitToday: { key: 'northfield/sealer', name: 'Sealer' }, limitThen: { key: 'northfield/filler', name: 'Filler' }, gainsAlmostNothing: true,
      fit: {
        hours: 8, parts: 3400, stations: [{
          station: 'northfield/filler', name: 'Filler', cycleS: { value: 0.58, low: 0.57, high: 0.59 }, cycles: 3400, misfit: 0.02, betweenMin: null, repairMin: null, stops: 0, scrap: 0,
          places: 60, placesAtLeast: true,
        }],
      },
      notes: ['Filler was never seen waiting: its working time may hold waits.'], runs: 28, hours: 8, timeMs: 1, tookMs: 5,
    };
  }

  stored(): StoredScenario[] {
    return this.kept;
  }

  async store(line: string, scenario: Scenario): Promise<StoredScenario> {
    const stored = { name: scenario.name ?? '', scenario, storedMs: 1, answer: await this.whatIf(line, scenario) };
    this.kept = [...this.kept.filter(({ name }) => name !== stored.name), stored];
    return stored;
  }

  async forget(_line: string, name: string): Promise<boolean> {
    const known = this.kept.some((one) => one.name === name);
    this.kept = this.kept.filter((one) => one.name !== name);
    return known;
  }
}
