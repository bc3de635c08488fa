import { request } from './request.ts';
import type { Form, OpenForm } from './form.ts';
import { make } from './rowList.ts';

export type AnswerKind = 'busy' | 'good' | 'bad';

const icons: Readonly<Record<AnswerKind, string>> = {
  busy: 'fa-circle-o-notch fa-spin',
  good: 'fa-check-circle',
  bad: 'fa-exclamation-triangle',
};

/** Shows what came of something, by icon and text; the element is a live region, so that a screen reader says it too. */
export function showAnswer(element: HTMLElement, kind: AnswerKind, text: string): void {
  element.dataset['kind'] = kind;
  const icon = make('i', `fa ${icons[kind]}`);
  icon.setAttribute('aria-hidden', 'true');
  element.replaceChildren(icon, make('span', '', text));
}

/** What a connection's test route answers. */
export interface TestAnswer {
  ok: boolean;
  /** What went wrong, stable. */
  code?: string;
  text: string;
}

/**
 * The "test connection" button of a connection's dialog: tries what is typed in now, saved or not. A password that
 * was not retyped goes as Node-RED's own placeholder, and the server takes the stored one.
 * @param onAnswer undefined: Node-RED did not answer
 */
export function prepareConnectionTest(
  dialog: Form,
  open: OpenForm,
  node: EditorNode,
  url: string,
  onAnswer?: (answer: TestAnswer | undefined) => void,
): void {
  const button = open.element<HTMLButtonElement>('test');
  const answer = open.element('answer');
  button.addEventListener('click', async () => {
    button.disabled = true;
    showAnswer(answer, 'busy', dialog.text('test.busy'));
    const got = await request<TestAnswer>('POST', url, { id: node.id, ...open.values(), language: RED.i18n.lang() });
    button.disabled = false;
    onAnswer?.(got.ok ? got.value : undefined);
    if (!got.ok) showAnswer(answer, 'bad', got.text || dialog.text('test.noAnswer', { status: got.status }));
    else showAnswer(answer, got.value.ok ? 'good' : 'bad', inLanguage(dialog, got.value));
  });
}

/** What went wrong is told in English; another language has a sentence of its own for each code, with the English details behind it. */
function inLanguage(dialog: Form, { ok, code, text }: TestAnswer): string {
  const said = String(text ?? '');
  if (ok || code === undefined || RED.i18n.lang().startsWith('en')) return said;
  const key = `test.code.${code}`;
  const sentence = dialog.text(key);
  return sentence === key ? said : `${sentence} (${said})`;
}
