import { Problem } from '../../engine/problem.ts';
import type { AcknowledgeRequest, BackTest, CaseSummary, Machine, MachineDetail, MachineProperty, Overview, SiteSummary } from '../../contract/http.ts';
import type { FeedbackDesk } from '../../web/feedbackRoutes.ts';
import type { FeedbackRecord } from '../../contract/feedback.ts';
import type { SiteGate } from '../../web/pageAccess.ts';
import type { TwinPageChange, TwinPageSource } from '../../web/twinPageSource.ts';

const minuteMs = 60_000;

export function property(
  name: string, label: string, unit: string, value: number, low?: number, high?: number, more: Partial<MachineProperty> = {},
): MachineProperty {
  const abnormal = (high !== undefined && value > high) || (low !== undefined && value < low);
  return {
    name, label, unit, value, quality: 'good', stale: false, abnormal,
    ...(low !== undefined && high !== undefined ? { low, high, expected: (low + high) / 2 } : {}),
    ...more,
  };
}

export function machine(key: string, name: string, nowMs: number, more: Partial<Machine> = {}): Machine {
  return {
    key, name, path: ['Northfield', 'Packaging', 'Line 1', name], type: 'packaging-station@1', state: 'Execute', condition: 'normal',
    sentence: '', learning: { phase: 'armed', percent: 100, missing: [] }, updatedMs: nowMs - 400,
    properties: [
      property('speed', 'Speed', '/min', 118.4, 112, 124),
      property('current', 'Motor current', 'A', 4.12, 3.9, 4.4),
      property('temperature', 'Gear temperature', 'Cel', 48.3, 45, 52),
      property('vibration', 'Vibration', 'mm/s', 1.42, 1.1, 1.7),
      property('pressure', 'Air pressure', 'bar', 6.02, 5.8, 6.2),
      { name: 'cycles', label: 'Cycles', value: 1_204_331, quality: 'good', stale: false, abnormal: false },
    ],
    lastCases: [],
    ...more,
  };
}

function pastCase(id: string, sinceMs: number, sentence: string, letter: CaseSummary['letter'] = 'M', property_ = 'vibration'): CaseSummary {
  return {
    id, state: 'cleared', sinceMs, clearedMs: sinceMs + 47 * minuteMs, sentence, letter, historical: false, acknowledgedBy: 'J. Meyer',
    signals: [{ property: property_, share: 1, kind: 'deviation', value: 2.1, expected: 1.4, low: 1.1, high: 1.7 }],
  };
}

/** A packaging line at six in the morning: one machine with a case, one without values, one learning, one in somebody's hands, the others well. */
export function morning(nowMs: number, count = 6): SiteSummary {
  const filler = machine('northfield/filler', 'Filler', nowMs, {
    condition: 'case', letter: 'M', sentence: 'Vibration is 2.31 mm/s, higher than normal for this speed (1.10 to 1.70). Motor current rises with it.',
    properties: [
      property('speed', 'Speed', '/min', 119.2, 112, 124),
      property('current', 'Motor current', 'A', 4.58, 3.9, 4.4),
      property('temperature', 'Gear temperature', 'Cel', 51.2, 45, 52),
      property('vibration', 'Vibration', 'mm/s', 2.31, 1.1, 1.7),
      property('pressure', 'Air pressure', 'bar', 6.02, 5.8, 6.2),
      property('fill', 'Fill level', '%', 62.4, 40, 90),
      { name: 'cycles', label: 'Cycles', value: 1_204_331, quality: 'good', stale: false, abnormal: false },
      { name: 'hours', label: 'Operating hours', unit: 'h', value: 8213.5, quality: 'good', stale: false, abnormal: false },
    ],
    openCase: {
      id: 'case-17', state: 'open', sinceMs: nowMs - 31 * minuteMs, sentence: 'Vibration is higher than normal for this speed.', letter: 'M', historical: false,
      signals: [
        {
          property: 'vibration', share: 0.7, kind: 'deviation', value: 2.31, expected: 1.4, low: 1.1, high: 1.7, unit: 'mm/s',
          at: { mode: 'Running', drivers: [{ property: 'speed', value: 119.2 }] },
        },
        { property: 'current', share: 0.3, kind: 'drift', value: 4.58, expected: 4.15, low: 3.9, high: 4.4, unit: 'A' },
      ],
      similar: [{ case: 'case-9', sinceMs: nowMs - 3 * 24 * 60 * minuteMs, alike: 0.9, found: 'real', what: 'Bearing worn' }],
      servicedMs: nowMs - 40 * 24 * 60 * minuteMs,
    },
    lastCases: [
      pastCase('case-9', nowMs - 3 * 24 * 60 * minuteMs, 'Vibration was higher than normal for this speed.'),
      pastCase('case-4', nowMs - 19 * 24 * 60 * minuteMs, 'Gear temperature was above its limit of 70 °C.', 'S', 'temperature'),
    ],
  });
  const sealer = machine('northfield/sealer', 'Sealer', nowMs, {
    condition: 'stale', letter: 'F', sentence: 'No data from the machine.', updatedMs: nowMs - 4 * minuteMs,
    properties: [
      property('jaw', 'Sealing jaw temperature', 'Cel', 172.4, 168, 178, { stale: true }),
      property('current', 'Motor current', 'A', 2.2, 2, 2.4, { stale: true }),
      property('pressure', 'Air pressure', 'bar', 6.01, 5.8, 6.2, { stale: true }),
    ],
  });
  const labeller = machine('northfield/labeller', 'Labeller', nowMs, {
    condition: 'learning',
    learning: { phase: 'learning', percent: 40, missing: [{ code: 'rows', missing: 180 }, { code: 'operating-points', missing: 2 }], watch: 'learning', etaMs: 18 * minuteMs },
    properties: [
      property('speed', 'Speed', '/min', 117.9),
      property('current', 'Motor current', 'A', 1.87),
      property('sensor', 'Label sensor', 'V', 3.412),
    ],
  });
  const palletiser = machine('northfield/palletiser', 'Palletiser', nowMs, {
    condition: 'acknowledged', letter: 'S', sentence: 'Oil temperature is 71.2 °C, above its limit of 70.0 °C.', type: 'robot@2',
    properties: [
      property('oil', 'Oil temperature', 'Cel', 71.2, 40, 70),
      property('current', 'Motor current', 'A', 8.1, 7.2, 9.3),
      property('flow', 'Oil flow', 'L/min', 12.2, 11, 13.4),
      { name: 'door', label: 'Door closed', value: true, quality: 'good', stale: false, abnormal: false },
    ],
    openCase: {
      id: 'case-16', state: 'acknowledged', sinceMs: nowMs - 95 * minuteMs, sentence: 'Oil temperature is above its limit.', letter: 'S', historical: false,
      acknowledgedBy: 'A. Yilmaz', signals: [{ property: 'oil', share: 1, kind: 'limit', value: 71.2, high: 70, unit: 'Cel' }],
    },
  });
  const names = [
    'Capper', 'Case packer', 'Depalletiser', 'Rinser', 'Conveyor 1', 'Conveyor 2', 'Conveyor 10', 'Shrink tunnel', 'Checkweigher', 'Mixer',
    'Pasteuriser', 'Compressor', 'Chiller', 'Wrapper',
  ];
  const nearlyLearned: Machine['learning'] = { phase: 'provisional', percent: 80, missing: [{ code: 'time', missing: 5 * minuteMs }], watch: 'provisional', etaMs: 5 * minuteMs };
  const wasHigher = 'Vibration was higher than normal for this speed.';
  const rest = names.map((name, index) =>
    machine(`northfield/m${index}`, name, nowMs, {
      ...(index === 2 ? { condition: 'off' as const, state: 'Stopped', learning: { phase: 'frozen' as const, percent: 100, missing: [] } } : {}),
      ...(index === 5 ? { condition: 'learning' as const, learning: nearlyLearned } : {}),
      ...(index % 3 === 0 ? { lastCases: [pastCase(`old-${index}`, nowMs - (index + 1) * 26 * 60 * minuteMs, wasHigher)] } : {}),
    }),
  );
  return {
    id: 'northfield', name: 'Northfield plant', nowMs, rate: 1, clock: 'live',
    machines: [...rest.slice(0, Math.max(0, count - 4)), labeller, palletiser, sealer, filler].slice(-count),
    links: [{ from: 'northfield/filler', relation: 'feeds', to: 'northfield/sealer' }],
  };
}

/** A whole plant in memory, behind the page's routes. */
export class MemoryPlant implements TwinPageSource {
  language: Overview['language'] = 'en-US';
  sites: SiteSummary[];
  readonly listeners = new Set<(change: TwinPageChange) => void>();
  reads = 0;
  /** Empty: everything is open. */
  readonly siteGates = new Map<string, SiteGate>();

  constructor(...sites: SiteSummary[]) {
    this.sites = sites;
  }

  overview(): Overview {
    return { nowMs: this.sites[0]?.nowMs ?? 0, language: this.language, sites: this.sites };
  }

  #find(site: string, key: string): { summary: SiteSummary; index: number } | undefined {
    const summary = this.sites.find(({ id }) => id === site);
    const index = summary?.machines.findIndex((one) => one.key === key) ?? -1;
    return summary && index >= 0 ? { summary, index } : undefined;
  }

  machine(site: string, key: string): { machine: Machine; nowMs: number } | undefined {
    this.reads += 1;
    const found = this.#find(site, key);
    const at = found?.summary.machines[found.index];
    return found && at ? { machine: at, nowMs: found.summary.nowMs } : undefined;
  }

  /** A wave with the machine's own noise-free ripple; the abnormal ones creep away in the last half hour. */
  async detail(site: string, key: string, minutes: number): Promise<MachineDetail | undefined> {
    const found = this.machine(site, key);
    if (!found) return undefined;
    const { machine: at, nowMs } = found;
    const points = 360;
    const series = at.properties
      .filter(({ value }) => typeof value === 'number')
      .map((one) => {
        const low = one.low ?? null;
        const high = one.high ?? null;
        const middle = low !== null && high !== null ? (low + high) / 2 : Number(one.value);
        const width = low !== null && high !== null ? high - low : Math.abs(middle) * 0.05;
        const times = Array.from({ length: points }, (_, index) => nowMs - (minutes * minuteMs * (points - 1 - index)) / (points - 1));
        const values = times.map((time, index) => {
          const creep = one.abnormal ? Math.max(0, 1 - (nowMs - time) / (45 * minuteMs)) ** 1.5 * (Number(one.value) - middle) : 0;
          return middle + creep + width * 0.16 * Math.sin(index * 0.9) + width * 0.1 * Math.sin(index * 2.3 + 1) + width * 0.07 * Math.sin(index / 14);
        });
        const wave = times.map((_, index) => width * 0.05 * Math.sin(index / 14));
        return {
          property: one.name, times, values,
          low: wave.map((lift) => (low === null ? null : low + lift)),
          high: wave.map((lift) => (high === null ? null : high + lift)),
        };
      });
    return {
      machine: at, series,
      neighbours: this.sites.flatMap(({ links, machines }) => links.flatMap((link) => {
        if (link.from !== key && link.to !== key) return [];
        const direction = link.from === key ? ('downstream' as const) : ('upstream' as const);
        const other = link.from === key ? link.to : link.from;
        const relation = direction === 'upstream' && link.relation === 'feeds' ? 'fed by' : link.relation;
        return [{ relation, key: other, name: machines.find((one) => one.key === other)?.name ?? other, direction }];
      })),
    };
  }

  /** Looser settings tell more: 2 cases at 1 a week, on record since 10 days. */
  async backTest(site: string, key: string, perWeek = 1): Promise<BackTest | undefined> {
    const found = this.machine(site, key);
    if (!found) return undefined;
    const { machine: { name }, nowMs } = found;
    const dayMs = 1440 * minuteMs;
    const sinceMs = nowMs - 10 * dayMs;
    const cases = Math.round(2 * perWeek);
    const would = Array.from({ length: cases }, (_, index) => {
      const beginMs = sinceMs + ((index + 0.6) * 10 * dayMs) / cases;
      return { sinceMs: beginMs, clearedMs: beginMs + (20 + 200 * (index % 3)) * minuteMs };
    });
    const raised = [0.3, 0.8].map((part) => ({ sinceMs: sinceMs + part * 10 * dayMs, clearedMs: sinceMs + part * 10 * dayMs + 90 * minuteMs }));
    const promise = { weeks: 4, expected: 4, came: 2, answeredFalse: 1, answeredReal: 1 };
    return { key, name, perWeek, askedPerWeek: 1, fromMs: nowMs - 14 * dayMs, toMs: nowMs, recordedMs: 10 * dayMs, sinceMs, count: would.length, would, raised, promise };
  }

  async acknowledge(request: AcknowledgeRequest): Promise<Machine> {
    const found = this.#find(request.site, request.key);
    const at = found?.summary.machines[found.index];
    if (!found || !at) throw new Problem('TWIN_MACHINE_UNKNOWN', 'There is no such machine.', 'Load the page again.');
    if (!at.openCase || at.openCase.id !== request.case || at.openCase.state !== 'open') {
      throw new Problem('TWIN_CASE_OVER', 'This case is over or already acknowledged.', 'Look at the machine again.');
    }
    const next: Machine = { ...at, condition: 'acknowledged', openCase: { ...at.openCase, state: 'acknowledged', acknowledgedBy: request.by } };
    this.put(request.site, next);
    return next;
  }

  /** What was answered, newest first, by machine. */
  readonly answered = new Map<string, FeedbackRecord[]>();

  feedback(site: string): { desk: FeedbackDesk; nowMs: number } | undefined {
    const summary = this.sites.find(({ id }) => id === site);
    if (summary === undefined) return undefined;
    const { nowMs } = summary;
    const caseOf = (key: string, id: string): void => {
      const open = this.#find(site, key) === undefined ? undefined : this.machine(site, key)?.machine.openCase;
      if (open?.id !== id) throw new Problem('TWIN_CASE_UNKNOWN', 'The open case is another one than the one you saw.', 'Look at the current case and answer that one.');
    };
    const sentences: Record<FeedbackRecord['answer'], string[]> = {
      onIt: ['The case stays open and carries your name; nobody is reminded of it any more.'],
      real: ['The case is confirmed.', 'No later “false alarm” makes a case like this one vanish.'],
      falseAlarm: [
        'Of the last 30 days’ 7 cases, 3 would vanish.', 'Your 2 confirmed ones stay.', 'Vibration up to 1.14 mm/s above what is expected counts as normal in “Execute”.',
        'Alarm limits stay as they are, and whatever is clearly larger is still told.',
      ],
      planned: ['Until 2026-11-20 08:00 UTC Filler is neither judged nor does it learn.', 'Alarm limits and missing values are still told.'],
      changed: ['What is normal for Vibration is forgotten and learned again, beginning now.', 'Until that is known, Filler is not judged by it. Alarm limits stay as they are.'],
    };
    const desk: FeedbackDesk = {
      list: (key) => (this.#find(site, key) === undefined ? undefined : (this.answered.get(key) ?? [])),
      preview: ({ key, case: id, answer, what }) => {
        caseOf(key, id);
        if (answer === 'real' && what === undefined) throw new Problem('TWIN_FEEDBACK_WHAT', 'It is not said what it was.', 'Say in some words what was found, for the next time.');
        return { answer, sentences: sentences[answer], cases: 7, vanish: answer === 'falseAlarm' ? 3 : 0, confirmed: 2 };
      },
      give: async (input) => {
        const { sentences: [effect = ''] } = desk.preview(input);
        const records = this.answered.get(input.key) ?? [];
        const { key: _key, ...given } = input;
        const record: FeedbackRecord = { id: `a${records.length + 1}`, ...given, atMs: nowMs, effect, undoUntilMs: nowMs + 30 * 1440 * minuteMs };
        this.answered.set(input.key, [record, ...records]);
        this.tell({ site, key: input.key });
        return record;
      },
      undo: async (key, id, by) => {
        const record = this.answered.get(key)?.find((one) => one.id === id);
        if (record === undefined) throw new Problem('TWIN_FEEDBACK_UNKNOWN', 'There is no such answer.', 'Load the page again and look at the list of answers.');
        record.undone = { by, atMs: nowMs };
        delete record.undoUntilMs;
        return record;
      },
    };
    return { desk, nowMs };
  }

  /** Replaces or adds a machine, and tells. */
  put(site: string, next: Machine): void {
    const found = this.#find(site, next.key);
    if (found) found.summary.machines[found.index] = next;
    else this.sites.find(({ id }) => id === site)?.machines.push(next);
    this.tell(found ? { site, key: next.key } : { site });
  }

  gates(): ReadonlyMap<string, SiteGate> {
    return this.siteGates;
  }

  tell(change: TwinPageChange): void {
    for (const listener of this.listeners) listener(change);
  }

  subscribe(listener: (change: TwinPageChange) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}
