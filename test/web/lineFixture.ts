import type { LineFrame, LineFramesAnswer, LinesAnswer, LineStation, LineView } from '../../contract/line.ts';
import type { LineDesk } from '../../web/lineRoutes.ts';

const minuteMs = 60_000;

function station(key: string, name: string, nowMs: number, more: Partial<LineStation> = {}): LineStation {
  return {
    key, name, state: 'producing', reason: 'Execute', sinceMs: nowMs - 12 * minuteMs, availability: 0.92, performance: 0.96, quality: null, oee: null, parts: 3_412, bad: 0,
    plannedMin: 480, producedMin: 441, unknownMin: 0, idealS: 8, idealLearnt: true, transitS: null, transitParts: 0, transitBy: '', before: [], between: null, buffer: null, reasons: [],
    late: 0, code: '',
    ...more,
  };
}

/** A line of four stations: one is down, the others wait for it. */
export function stoppedLine(nowMs: number): LineView {
  const stations = [
    station('northfield/filler', 'Filler', nowMs, { state: 'blocked', reason: 'Suspended', sinceMs: nowMs - 2 * minuteMs }),
    station('northfield/sealer', 'Sealer', nowMs, {
      state: 'down', reason: 'Film torn', sinceMs: nowMs - 3 * minuteMs, before: ['northfield/filler'], transitS: 42.3, transitParts: 310, transitBy: 'serial', between: 11.6, buffer: 12,
    }),
    station('northfield/labeller', 'Labeller', nowMs, {
      state: 'starved', reason: 'idle', before: ['northfield/sealer'], transitS: 40, transitBy: 'page', between: 3.2, bad: 256, quality: 0.925, oee: 0.81,
      reasons: [{ counter: 'leaks', count: 231 }, { counter: 'label_rejects', count: 25 }],
    }),
    station('northfield/palletiser', 'Palletiser', nowMs, { state: 'unknown', reason: '', code: 'TWIN_LINE_NO_COUNTER', performance: null, before: ['northfield/labeller'] }),
  ];
  return {
    key: 'line-1', name: 'Packaging line 1', labels: { 'northfield/labeller/leaks': 'Leaking cartons', 'northfield/labeller/label_rejects': '<b>Labels' },
    payload: { time: nowMs, oee: null, availability: 92.1, performance: null, quality: 92.5, throughput: 423.4, wip: 14.6, cycleTime: 124, bottleneck: 'Sealer', bottleneckConfidence: 93 },
    line: {
      v: 1, key: 'line-1', name: 'Packaging line 1', fromMs: nowMs - 480 * minuteMs, timeMs: nowMs, stations, bottleneck: { station: 'northfield/sealer', share: 0.71, confidence: 0.93 },
      scrap: [{ station: 'northfield/labeller', counter: 'leaks', count: 231 }, { station: 'northfield/labeller', counter: 'label_rejects', count: 25 }],
      stops: [{ station: 'northfield/sealer', reason: 'Film torn', count: 4, minutes: 31.5 }, { station: 'northfield/filler', reason: '', count: 1, minutes: 6 }],
    },
  };
}

/** Lines in memory, behind the page's routes. */
export class MemoryLines implements LineDesk {
  views: LineView[];
  frameList: LineFrame[];
  readonly ways: [line: string, station: string, seconds: number | null][] = [];
  readonly asked: object[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number, ...views: LineView[]) {
    this.views = views;
    this.#nowMs = nowMs;
    const at = nowMs();
    this.frameList = [
      { kind: 'stop', station: 'northfield/sealer', name: 'Film torn', startMs: at - 3 * minuteMs, atStart: { jaw_temperature: 171.44, film: 'F-88 <i>' } },
      { kind: 'batch', station: 'northfield/filler', name: 'B-1007', startMs: at - 95 * minuteMs, endMs: at - 10 * minuteMs, atStart: { speed: 120 }, atEnd: { speed: 0 } },
    ];
  }

  lines(): LinesAnswer {
    return { nowMs: this.#nowMs(), lines: this.views };
  }

  async frames(line: string, question: { kind?: string }): Promise<LineFramesAnswer | undefined> {
    this.asked.push(question);
    if (!this.views.some(({ key }) => key === line)) return undefined;
    return { nowMs: this.#nowMs(), frames: this.frameList.filter(({ kind }) => question.kind === undefined || question.kind === kind), more: false };
  }

  async setWay(line: string, name: string, seconds: number | null): Promise<boolean> {
    const found = this.views.find(({ key }) => key === line);
    if (found === undefined) return false;
    this.ways.push([line, name, seconds]);
    for (const one of found.line?.stations ?? []) if (one.key === name) Object.assign(one, seconds === null ? { transitBy: '', transitS: null } : { transitBy: 'page', transitS: seconds });
    return true;
  }
}
