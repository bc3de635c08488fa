import type { BackTestSummary } from '../contract/http.ts';
import { showAnswer } from './answer.ts';
import type { Form, OpenForm } from './form.ts';
import { request } from './request.ts';

/** A number that is being typed is asked about when it stands for so long. */
const askAfterMs = 250;
const dayMs = 86_400_000;
const mostNamed = 3;

/** "In the last 14 days this setting would have raised 4 cases": a sentence that follows the setting. Silent where nothing is deployed yet. */
export function prepareBackTest(dialog: Form, open: OpenForm, node: EditorNode, field: string, { minimum, maximum }: { minimum: number; maximum: number }): void {
  const answer = open.element('backTest');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const ask = async (): Promise<void> => {
    asked += 1;
    const own = asked;
    const perWeek = Number(open.value(field) || NaN);
    const site = open.value('site');
    if (!(perWeek >= minimum && perWeek <= maximum) || site === '') return answer.replaceChildren();
    const query = new URLSearchParams({ site, node: node.id, perWeek: String(perWeek) });
    const got = await request<BackTestSummary>('GET', `twinwire/anomaly/back-test?${query.toString()}`);
    if (own !== asked) return;
    if (!got.ok || got.value.machines.length === 0) return answer.replaceChildren();
    const recorded = got.value.machines.some(({ recordedMs }) => recordedMs > 0);
    showAnswer(answer, 'good', recorded ? sentence(dialog, got.value) : dialog.text('trial.nothing'));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), askAfterMs);
  };
  open.onChange(field, soon);
  open.onChange('site', soon);
  soon();
}

function sentence(dialog: Form, { machines, fromMs, toMs, more }: BackTestSummary): string {
  const cases = (count: number): string => dialog.text(count === 1 ? 'trial.case' : 'trial.cases', { count });
  const sum = (of: 'count' | 'raised'): number => machines.reduce((total, machine) => total + machine[of], 0);
  const recordedMs = Math.max(...machines.map((machine) => machine.recordedMs));
  const wholeMs = toMs - fromMs;
  const span = dialog.text(recordedMs >= 2 * dayMs ? 'trial.days' : 'trial.hours', {
    count: recordedMs >= 2 * dayMs ? Math.round(recordedMs / dayMs) : Math.max(1, Math.round(recordedMs / 3_600_000)),
  });
  const told = dialog.text(recordedMs >= 0.97 * wholeMs ? 'trial.all' : 'trial.part', { span, would: cases(sum('count')), raised: cases(sum('raised')) });
  if (machines.length === 1 && more === 0) return told;
  const named = machines.filter(({ count }) => count > 0).slice(0, mostNamed).map(({ name, count }) => `${name}: ${count}`);
  const which = named.length === 0 ? '' : ` ${dialog.text('trial.most', { names: named.join(', ') })}`;
  return `${told} ${dialog.text('trial.machines', { count: machines.length })}${which}`;
}
