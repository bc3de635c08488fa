import type { LineFramesAnswer, LinesAnswer } from '../contract/line.ts';
import { type FrameQuestion, framesOf } from '../engine/site/lineFrames.ts';
import type { Site } from '../engine/site/site.ts';

/** What the page asks of a site's lines; undefined: there is no such line. */
export function lineDesk(site: Site): {
  lines(): LinesAnswer;
  frames(line: string, question: FrameQuestion): Promise<LineFramesAnswer | undefined>;
  setWay(line: string, station: string, seconds: number | null): Promise<boolean>;
} {
  return {
    lines: () => ({ nowMs: site.clock.nowMs(), lines: site.lines.views() }),
    async frames(line, question) {
      const running = site.lines.running(line);
      if (running === undefined) return undefined;
      return { nowMs: site.clock.nowMs(), ...(await framesOf(site.historian, line, running.openFrames(), question)) };
    },
    async setWay(line, station, seconds) {
      const running = site.lines.running(line);
      if (running === undefined) return false;
      running.setWay(station, seconds);
      await site.written();
      return true;
    },
  };
}
