import { detectorTicks } from '../contract/detectorTicks.ts';
import type { BackTestSummary } from '../contract/http.ts';
import { showPhases } from './phases.ts';
import { showAnswer } from './answer.ts';
import type { Form, OpenForm } from './form.ts';
import { request } from './request.ts';

/** A number that is being typed is asked about when it stands for so long. */
const askAfterMs = 250;
const dayMs = 86_400_000;
const mostNamed = 3;

/**
 * "In the last 14 days this setting would have raised 4 cases": a sentence that follows every setting of twin-anomaly, beside what was promised until now and
 * how far each machine is. Silent where nothing is deployed yet.
 */
export function prepareBackTest(dialog: Form, open: OpenForm, node: EditorNode, field: string, { minimum, maximum }: { minimum: number; maximum: number }): void {
  const answer = open.element('backTest');
  const promise = open.element('promise');
  const phases = open.element('phases');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const clear = (): void => {
    answer.replaceChildren();
    promise.replaceChildren();
    showPhases(dialog, phases, []);
  };
  const ask = async (): Promise<void> => {
    asked += 1;
    const own = asked;
    const perWeek = Number(open.value(field) || NaN);
    const site = open.value('site');
    if (!(perWeek >= minimum && perWeek <= maximum) || site === '') return clear();
    const off = open.value('detectors') === 'chosen' ? Object.entries(detectorTicks).filter(([tick]) => open.value(tick) === '').map(([, kind]) => kind) : [];
    const query = new URLSearchParams({
      site, node: node.id, perWeek: String(perWeek), smallest: open.value('smallestChange'), off: off.join(','), deep: open.value('deep') === '' ? '' : 'true',
    });
    const got = await request<BackTestSummary>('GET', `twinwire/anomaly/back-test?${query.toString()}`);
    if (own !== asked) return;
    if (!got.ok || got.value.machines.length === 0) return clear();
    const recorded = got.value.machines.some(({ recordedMs }) => recordedMs > 0);
    showAnswer(answer, 'good', recorded ? sentence(dialog, got.value) : dialog.text('trial.nothing'));
    const told = promiseSentence(dialog, got.value);
    if (told === '') promise.replaceChildren();
    else showAnswer(promise, 'good', told);
    showPhases(dialog, phases, got.value.machines);
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), askAfterMs);
  };
  for (const name of [field, 'site', 'smallestChange', 'detectors', 'deep', ...Object.keys(detectorTicks)]) open.onChange(name, soon);
  soon();
}

function sentence(dialog: Form, { machines, fromMs, toMs, more, withoutTogether }: BackTestSummary): string {
  const cases = (count: number): string => dialog.text(count === 1 ? 'trial.case' : 'trial.cases', { count });
  const sum = (of: 'count' | 'raised'): number => machines.reduce((total, machine) => total + machine[of], 0);
  const recordedMs = Math.max(...machines.map((machine) => machine.recordedMs));
  const wholeMs = toMs - fromMs;
  const span = dialog.text(recordedMs >= 2 * dayMs ? 'trial.days' : 'trial.hours', {
    count: recordedMs >= 2 * dayMs ? Math.round(recordedMs / dayMs) : Math.max(1, Math.round(recordedMs / 3_600_000)),
  });
  const untried = withoutTogether === true ? ` ${dialog.text('trial.together')}` : '';
  const told = dialog.text(recordedMs >= 0.97 * wholeMs ? 'trial.all' : 'trial.part', { span, would: cases(sum('count')), raised: cases(sum('raised')) }) + untried;
  if (machines.length === 1 && more === 0) return told;
  const named = machines.filter(({ count }) => count > 0).slice(0, mostNamed).map(({ name, count }) => `${name}: ${count}`);
  const which = named.length === 0 ? '' : ` ${dialog.text('trial.most', { names: named.join(', ') })}`;
  return `${told} ${dialog.text('trial.machines', { count: machines.length })}${which}`;
}

/** "Asked for at most 1 a week: 4 were allowed in the last 4 weeks, 2 came, of which 1 was answered as false." */
function promiseSentence(dialog: Form, { machines }: BackTestSummary): string {
  const weeks = Math.max(...machines.map(({ promise }) => promise.weeks));
  if (!(weeks >= 1 / 7)) return '';
  const sum = (of: 'expected' | 'came' | 'answeredFalse'): number => machines.reduce((total, { promise }) => total + promise[of], 0);
  const [came, wrong] = [sum('came'), sum('answeredFalse')];
  const span = weeks >= 2 ? dialog.text('promise.weeks', { count: Math.round(weeks) }) : dialog.text('trial.days', { count: Math.round(weeks * 7) });
  const expected = sum('expected');
  const allowed = expected.toLocaleString(RED.i18n.lang(), { maximumSignificantDigits: 2 });
  const what = came === 0 ? 'none' : came === 1 ? 'one' : 'many';
  return `${dialog.text('promise.allowed', { span, allowed })} ${dialog.text(`promise.${what}`, { count: came, wrong })}`;
}
