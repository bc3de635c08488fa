import { showAnswer } from './answer.ts';
import type { Form, OpenForm } from './form.ts';
import { twinsInFlows } from './offerTwins.ts';
import { request } from './request.ts';
import { make } from './rowList.ts';

/** As GET twinwire/publish/preview tells it. */
interface Preview {
  ok: boolean;
  code?: string;
  name?: string;
  topics?: { topic: string; retained: boolean; body?: object }[];
}

/** "This is what will be published": topics and contents of one machine, with what stands in the dialog now. */
export function preparePreview(dialog: Form, open: OpenForm, node: EditorNode): void {
  const twins = open.element<HTMLSelectElement>('previewTwin');
  const button = open.element<HTMLButtonElement>('previewButton');
  const answer = open.element('previewAnswer');
  const host = open.element('preview');
  const offer = (): void => {
    const known = twinsInFlows(open.value('site'));
    twins.replaceChildren(...known.map(({ key, name }) => new Option(name === '' || name === key ? key : `${name} (${key})`, key)));
    twins.disabled = known.length === 0;
    button.disabled = known.length === 0;
    if (known.length === 0) showAnswer(answer, 'bad', dialog.text('preview.noMachine'));
    else answer.replaceChildren();
  };
  open.onChange('site', offer);
  offer();
  button.addEventListener('click', async () => {
    button.disabled = true;
    host.replaceChildren();
    showAnswer(answer, 'busy', dialog.text('preview.busy'));
    const query = new URLSearchParams({
      site: open.value('site'),
      twin: twins.value,
      prefix: open.value('prefix'),
      properties: String(open.value('properties') !== ''),
      rows: String(open.value('rows') !== ''),
      id: node.id,
    });
    const got = await request<Preview>('GET', `twinwire/publish/preview?${query.toString()}`);
    button.disabled = false;
    if (!got.ok) return showAnswer(answer, 'bad', dialog.text(got.status === 404 ? 'preview.notDeployed' : 'preview.failed', { status: got.status }));
    const { ok, code = '', topics = [], name = '' } = got.value;
    if (!ok) return showAnswer(answer, 'bad', dialog.text(`preview.code.${code}`));
    showAnswer(answer, 'good', dialog.text('preview.good', { name, count: topics.length }));
    host.replaceChildren(...topics.map(topicRow));
  });

  const topicRow = ({ topic, retained, body }: NonNullable<Preview['topics']>[number]): HTMLElement => {
    const row = make('details', 'twinwire-topic');
    const head = make('summary');
    head.append(make('code', '', topic), ' ', make('span', 'twinwire-topic-kind', dialog.text(retained ? 'preview.retained' : 'preview.passing')));
    row.append(head, body === undefined ? make('p', 'twinwire-explain', dialog.text('preview.later')) : make('pre', '', JSON.stringify(body, null, 2)));
    return row;
  };
}
