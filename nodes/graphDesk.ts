import type { GraphElements, GraphPageAnswer, GraphQuestion } from '../contract/graph.ts';
import type { Site } from '../engine/site/site.ts';

const mostFound = 50;
const machineTypes = ['work unit', 'work centre'];

/** What the page asks of a site's graph. */
export function graphDesk(site: Site): { ask(question: GraphQuestion): Promise<GraphPageAnswer>; elements(contains: string): Promise<GraphElements> } {
  return {
    async ask(question) {
      const answer = await site.graph.ask(question);
      if (question.ask !== 'around' || !machineTypes.includes(answer.element.type)) return { nowMs: site.clock.nowMs(), answer };
      const points = await site.historian.asOf(answer.element.key, answer.validMs);
      return { nowMs: site.clock.nowMs(), answer, values: points.map(({ property, value, timeMs, quality }) => ({ property, value, timeMs, quality })) };
    },
    async elements(contains) {
      await site.graph.settled();
      const nowMs = site.clock.nowMs();
      if (contains !== '') return { nowMs, elements: await site.graph.elements({ contains, limit: mostFound }) };
      const scrapped = (await site.graph.facts({ validMs: nowMs, recordedMs: Number.MAX_SAFE_INTEGER, relation: 'scrap', newest: 10 })).reverse();
      const known = await site.graph.elements({ keys: scrapped.map(({ subject }) => subject), limit: mostFound });
      const elements = scrapped.flatMap(({ subject, value, validFromMs }) => {
        const element = known.find(({ key }) => key === subject);
        return element === undefined ? [] : [{ ...element, reason: String(value), timeMs: validFromMs }];
      });
      return { nowMs, elements: [...elements, ...(await site.graph.elements({ types: machineTypes, limit: 20 }))] };
    },
  };
}
