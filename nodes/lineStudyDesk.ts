import type { LineStudyDesk } from '../contract/lineAnswers.ts';
import { Problem } from '../engine/problem.ts';
import type { Site } from '../engine/site/site.ts';
import { problemIn } from './problemSentences.ts';

/** What the page asks about a site's lines; what cannot be answered is said in the site's language. */
export function lineStudyDesk(site: Site): LineStudyDesk {
  const told = (problem: unknown): unknown => (problem instanceof Problem ? problemIn(problem, site.options.language) : problem);
  const sync = <T>(work: () => T): T => {
    try {
      return work();
    } catch (problem) {
      throw told(problem);
    }
  };
  const answer = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (problem) {
      throw told(problem);
    }
  };
  return {
    cause: (line, question) => answer(() => site.studies.cause(line, question)),
    choices: (line) => answer(() => site.studies.choices(line)),
    whatIf: (line, scenario) => answer(() => site.studies.whatIf(line, scenario)),
    stored: (line) => sync(() => site.studies.stored(line)),
    store: (line, scenario) => answer(async () => {
      const stored = await site.studies.store(line, scenario);
      await site.written();
      return stored;
    }),
    forget: (line, name) => answer(async () => {
      const known = site.studies.forget(line, name);
      await site.written();
      return known;
    }),
  };
}
