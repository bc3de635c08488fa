import type { SiteReadinessReport } from '../../contract/http.ts';
import { twinReadiness } from '../../engine/site/twinReadiness.ts';
import type { Language } from '../../engine/site/sentences.ts';
import { beginMs, goodData, hourMs, mutated, Observed } from '../engine/readiness/plantData.ts';

/** A machine with faults put into its data, and one without, as the engine reports them. */
export function faultyReport(language: Language = 'en-US'): SiteReadinessReport {
  let rows = mutated(goodData(3, 26), 'noisy', beginMs + 10 * hourMs, (sent) => [{ ...sent, value: (sent.value as number) * 1.8 + 32 }]);
  rows = mutated(rows, 'slow', beginMs + 8 * hourMs, (sent, sinceMs) => ((sent.sourceMs - sinceMs) % (2 * hourMs) < 0.2 * hourMs ? [] : [sent]));
  rows = mutated(rows, 'undeclared', beginMs + 8 * hourMs, (sent) => [{ ...sent, sourceMs: sent.sourceMs - 90_000 }]);
  const machines = [
    { observed: new Observed().feed(rows), name: 'Labeller <b>2</b>' },
    { observed: new Observed().feed(goodData(4, 26)), name: 'Filler' },
  ];
  const nowMs = beginMs + 26 * hourMs;
  const twins = machines.flatMap(({ observed, name }) => {
    const twin = { key: name, name, type: observed.type } as never;
    return twinReadiness({ twin, language, facts: observed.facts, isOffMode: (mode) => mode === 'paused' }, nowMs) ?? [];
  });
  return { site: 'main', name: 'Packaging', nowMs, watched: true, twins };
}
