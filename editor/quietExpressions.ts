import type { QuietExpressionAnswer, QuietExpressionRequest } from '../contract/quietExpression.ts';
import type { OpenForm } from './form.ts';
import { request } from './request.ts';
import type { Row, RowList, RowProblem } from './rowList.ts';
import { make } from './rowList.ts';
import type { TextValues } from './text.ts';

const askAfterMs = 400;
const renewAfterMs = 4000;

export interface QuietExpressions {
  /** What Node-RED said of the rules' expressions so far. */
  check(rows: readonly Row[]): RowProblem[];
  /** Something was typed. */
  changed(): void;
}

/**
 * The expressions that suppress alarms, checked by the runtime as they are typed, with what each gives now at the machines that have its names.
 * @param rules the list, once it is there
 */
export function prepareQuietExpressions(open: OpenForm, text: (key: string, values?: TextValues) => string, rules: () => RowList | undefined): QuietExpressions {
  const answers = new Map<string, QuietExpressionAnswer>();
  const host = open.element('quiet-live');
  const rulesHost = open.element('rules-live');
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The dialog may close while an answer is awaited.
  let isAsking = false;

  const typed = (): { where: string; expression: string; host: HTMLElement }[] => {
    const own = open.value('quietWhile').trim();
    const rows = rules()?.read() ?? [];
    return [
      ...(own === '' ? [] : [{ where: text('label.quietWhile'), expression: own, host }]),
      ...rows.flatMap((row, index) => {
        const expression = String(row['unless'] ?? '').trim();
        return expression === '' ? [] : [{ where: text('list.row', { number: index + 1 }), expression, host: rulesHost }];
      }),
    ];
  };

  function later(afterMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), afterMs);
  }

  async function ask(): Promise<void> {
    if (!host.isConnected || isAsking) return;
    const wanted = typed();
    if (wanted.length > 0) {
      isAsking = true;
      const body: QuietExpressionRequest = { site: open.value('site'), language: RED.i18n.lang().startsWith('de') ? 'de' : 'en-US', expressions: wanted.map(({ expression }) => expression) };
      const got = await request<QuietExpressionAnswer[]>('POST', 'twinwire/alert/expressions', body);
      isAsking = false;
      if (!host.isConnected) return;
      if (got.ok) for (const answer of got.value) answers.set(answer.expression, answer);
      rules()?.refresh();
    }
    show();
    if (wanted.length > 0) later(renewAfterMs);
  }

  function show(): void {
    host.replaceChildren();
    rulesHost.replaceChildren();
    for (const { where, expression, host: place } of typed()) {
      const answer = answers.get(expression);
      if (answer === undefined) continue;
      const line = make('div', answer.problem === undefined ? 'twinwire-live' : 'twinwire-live twinwire-problem');
      line.textContent = `${where}: ${answer.problem ?? live(answer)}`;
      place.append(line);
    }
  }

  function live({ live: values, more }: QuietExpressionAnswer): string {
    if (values.length === 0) return text('live.nowhere');
    const told = values.map(({ machine, value }) => {
      const holds = value === true || (typeof value === 'number' && value !== 0);
      return `${machine} ${text(value === null ? 'live.unknown' : holds ? 'live.yes' : 'live.no')}`;
    });
    return text('live.now', { values: [...told, ...(more > 0 ? [text('live.more', { number: more })] : [])].join(', ') });
  }

  open.onChange('quietWhile', () => later(askAfterMs));
  open.onChange('site', () => later(askAfterMs));
  later(0);
  return {
    changed: () => later(askAfterMs),
    check: (rows) => rows.flatMap((row, index): RowProblem[] => {
      const problem = answers.get(String(row['unless'] ?? '').trim())?.problem;
      // The runtime tells it as well; the rule works without.
      return problem === undefined ? [] : [{ index, field: 'unless', text: problem, allowed: true }];
    }),
  };
}
