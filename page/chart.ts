import uPlot from 'uplot';
import { shownClock, shownNumber, shownTime } from './format.ts';
import type { Say } from './texts.ts';

export interface ChartData {
  /** ms UTC. */
  times: readonly number[];
  values: readonly (number | null)[];
  low: readonly (number | null)[];
  high: readonly (number | null)[];
  decimals: number;
  unit: string;
  /** The time shown, ms UTC. */
  fromMs: number;
  toMs: number;
  /** Begin of the open case. */
  sinceMs?: number;
}

export interface Chart {
  show(data: ChartData): void;
  remove(): void;
}

/**
 * A value over time on its normal range. What lies outside is drawn stronger and with points, so that it can be told
 * without colour. Colours come from the stylesheet and follow the theme.
 */
export function createChart(host: HTMLElement, readout: (text: string) => void, say: Say): Chart {
  let plot: uPlot | undefined;
  let data: ChartData | undefined;

  const height = 240;
  const draw = (): void => {
    plot?.destroy();
    plot = undefined;
    if (!data || host.clientWidth === 0) return;
    plot = new uPlot(options(host, say, () => data, readout, height), columns(data), host);
  };
  const resized = new ResizeObserver(() => {
    if (!plot) draw();
    else if (plot.width !== host.clientWidth && host.clientWidth > 0) plot.setSize({ width: host.clientWidth, height });
  });
  resized.observe(host);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw);

  return {
    show(next) {
      const sameLook = data?.decimals === next.decimals && data.unit === next.unit;
      data = next;
      if (!plot || !sameLook) draw();
      else plot.setData(columns(next));
    },
    remove() {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      plot?.destroy();
      plot = undefined;
    },
  };
}

function columns(data: ChartData): uPlot.AlignedData {
  const outside = data.values.map((value, index) => {
    const low = data.low[index];
    const high = data.high[index];
    return value !== null && ((typeof high === 'number' && value > high) || (typeof low === 'number' && value < low)) ? value : null;
  });
  return [data.times.map((time) => time / 1000), [...data.high], [...data.low], [...data.values], outside];
}

function options(
  host: HTMLElement, say: Say, current: () => ChartData | undefined, readout: (text: string) => void, height: number,
): uPlot.Options {
  const style = getComputedStyle(host);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: colour('--soft'), font, grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  const decimals = current()?.decimals ?? 0;
  const number = (value: number): string => shownNumber(say, value, decimals);
  return {
    width: host.clientWidth,
    height,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: colour('--card') } },
    scales: {
      x: {
        time: true,
        range: () => {
          const data = current();
          return data ? [data.fromMs / 1000, data.toMs / 1000] : [0, 1];
        },
      },
      y: { range: (_plot, low, high) => spread(low, high) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 34,
        space: 72,
        values: (_plot, splits) => splits.map((seconds) => shownTime(say, seconds * 1000, current()?.toMs ?? seconds * 1000)),
      },
      {
        ...axis,
        size: 56,
        values: (_plot, splits) => splits.map((value) => shownNumber(say, value, decimalsOfSteps(splits))),
      },
    ],
    series: [
      {},
      { stroke: colour('--band-edge'), width: 1, points: { show: false } },
      { stroke: colour('--band-edge'), width: 1, points: { show: false } },
      { stroke: colour('--ink'), width: 1.75, points: { show: false } },
      { stroke: colour('--abnormal'), width: 2.5, points: { size: 5, fill: colour('--abnormal'), width: 0 } },
    ],
    bands: [{ series: [1, 2], fill: colour('--band') }],
    hooks: {
      drawAxes: [(plot) => markSince(plot, current()?.sinceMs, colour('--abnormal'))],
      setCursor: [
        (plot) => {
          const index = plot.cursor.idx ?? -1;
          const data = current();
          const time = data?.times[index];
          const value = data?.values[index];
          if (!data || time === undefined || typeof value !== 'number' || (plot.cursor.left ?? -1) < 0) return readout('');
          const unit = data.unit ? `\u00a0${data.unit}` : '';
          const low = data.low[index];
          const high = data.high[index];
          const known = typeof low === 'number' && typeof high === 'number';
          const band = known ? ` (${say('band.normal', { low: number(low), high: number(high) })})` : '';
          readout(`${shownClock(say, time)} · ${number(value)}${unit}${band}`);
        },
      ],
    },
  };
}

function spread(low: number, high: number): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = (high - low) * 0.12 || Math.abs(high) * 0.05 || 1;
  return [low - room, high + room];
}

function decimalsOfSteps(splits: readonly number[]): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0)) || 1;
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

function markSince(plot: uPlot, sinceMs: number | undefined, stroke: string): void {
  if (sinceMs === undefined) return;
  const x = Math.round(plot.valToPos(sinceMs / 1000, 'x', true));
  const { left, top, width, height } = plot.bbox;
  if (x < left || x > left + width) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.restore();
}
