import type { Form, OpenForm } from './form.ts';
import { request } from './request.ts';
import { make, type Row, type RowProblem } from './rowList.ts';

/** What is being typed is asked about when it stands for so long. */
const askAfterMs = 250;
const numbers = ['deadband', 'every'] as const;

/** Three lines as they will stand in the database, following what is typed; and the table of types with its own settings. */
export function preparePreview(dialog: Form, open: OpenForm): void {
  const shown = open.element('preview');
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const ask = async (): Promise<void> => {
    asked += 1;
    const own = asked;
    const got = await request<{ lines: string[] }>('POST', 'twinwire/history/preview', { ...open.values(), types: types.read() });
    if (own !== asked) return;
    const lines = got.ok ? got.value.lines : [dialog.text('preview.failed', { status: got.status })];
    shown.replaceChildren(...lines.map((line) => make('code', '', line)));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), askAfterMs);
  };
  const types = open.list('types', {
    columns: { type: 'minmax(100px, 1fr)', write: '190px' },
    details: [{ title: 'differs', fields: ['deadband', 'every'] }, { title: 'where', fields: ['measurement'], broad: true }],
    check: (rows) => rows.flatMap((row, index) => problemsOf(dialog, row, index)),
    onChange: soon,
  });
  for (const name of ['site', 'measurement', 'tags', 'levels', 'annotations', 'expected']) open.onChange(name, soon);
  soon();
}

function problemsOf(dialog: Form, row: Row, index: number): RowProblem[] {
  const found: RowProblem[] = [];
  if (String(row['type'] ?? '').trim() === '') found.push({ index, field: 'type', text: dialog.text('check.type') });
  for (const field of numbers) {
    const value = String(row[field] ?? '').trim();
    if (value !== '' && !(Number(value) >= 0)) found.push({ index, field, text: dialog.text('check.number', { value }) });
  }
  return found;
}
