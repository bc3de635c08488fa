import { showAnswer } from './answer.ts';
import { request } from './request.ts';
import { make } from './rowList.ts';
import type { TextValues } from './text.ts';
import type { PageUsers } from '../contract/http.ts';

const roles = ['viewer', 'operator', 'engineer'] as const;

/**
 * The people who may use a site's page: shown, added, given another role or password, removed. Each change is made at once and
 * not with Deploy, because passwords must never be in a flow.
 */
export function pagePeople(host: HTMLElement, siteId: string, text: (key: string, values?: TextValues) => string): void {
  const url = `twinwire/site/${encodeURIComponent(siteId)}/users`;
  const warning = make('div', 'twinwire-people-open');
  const list = make('div', 'twinwire-list');
  const answer = make('div', 'twinwire-answer');
  answer.setAttribute('role', 'status');
  warning.setAttribute('role', 'status');
  host.replaceChildren(warning, list, answer);
  void load();

  async function load(): Promise<void> {
    const got = await request<PageUsers>('GET', url);
    if (got.ok) show(got.value);
    else {
      list.hidden = true;
      // 404: the site is new, or does not run.
      answer.replaceChildren();
      if (got.status === 404) answer.textContent = text('people.deployFirst');
      else showAnswer(answer, 'bad', got.text || text('people.noAnswer', { status: got.status }));
    }
  }

  async function change(body: Record<string, string>, done: string): Promise<boolean> {
    showAnswer(answer, 'busy', text('people.busy'));
    const got = await request<PageUsers & { code?: string; text?: string }>('POST', url, body);
    if (!got.ok) {
      showAnswer(answer, 'bad', got.text || text('people.noAnswer', { status: got.status }));
      return false;
    }
    if (got.value.code !== undefined) {
      const key = `people.code.${got.value.code}`;
      const sentence = text(key);
      showAnswer(answer, 'bad', sentence === key ? (got.value.text ?? '') : sentence);
      return false;
    }
    show(got.value);
    showAnswer(answer, 'good', done);
    return true;
  }

  function show({ users, loginNeeded, openTo }: PageUsers): void {
    const said = [
      openTo.editor ? text('people.editorOpen') : '',
      openTo.page ? text('people.pageOpen') : '',
      loginNeeded ? '' : text('people.none'),
    ].filter((sentence) => sentence !== '');
    warning.replaceChildren(...said.map((sentence, index) => {
      const line = make('p', 'twinwire-explain');
      const isWarning = index < said.length - (loginNeeded ? 0 : 1);
      const icon = make('i', `fa ${isWarning ? 'fa-exclamation-triangle' : 'fa-info-circle'}`);
      icon.setAttribute('aria-hidden', 'true');
      line.append(icon, make('span', '', ` ${sentence}`));
      return line;
    }));
    list.hidden = false;
    list.replaceChildren(...users.map(({ name, role }) => personRow(name, role)), newRow());
  }

  function personRow(name: string, role: string): HTMLElement {
    const row = make('div', 'twinwire-list-row twinwire-person');
    row.setAttribute('role', 'group');
    row.setAttribute('aria-label', name);
    const choice = roleChoice(role);
    choice.addEventListener('change', () => void change({ action: 'put', name, role: choice.value }, text('people.changed', { name })).then((done) => {
      if (!done) choice.value = role;
    }));
    const password = passwordInput('people.newPassword');
    const set = button('people.set');
    set.addEventListener('click', () => void change({ action: 'put', name, role: choice.value, password: password.value }, text('people.passwordSet', { name })));
    // Empty, nothing would change.
    set.disabled = true;
    password.addEventListener('input', () => { set.disabled = password.value === ''; });
    const remove = button('people.remove');
    let asked = false;
    remove.addEventListener('click', () => {
      if (asked) {
        void change({ action: 'remove', name }, text('people.removed', { name }));
        return;
      }
      asked = true;
      remove.textContent = text('people.removeReally');
    });
    remove.addEventListener('blur', () => {
      asked = false;
      remove.textContent = text('people.remove');
    });
    const shownName = make('bdi', 'twinwire-person-name', name);
    row.append(shownName, choice, remove, password, set);
    return row;
  }

  function newRow(): HTMLElement {
    const row = make('div', 'twinwire-list-row twinwire-person');
    row.setAttribute('role', 'group');
    row.setAttribute('aria-label', text('people.new'));
    const name = make('input') as HTMLInputElement;
    name.type = 'text';
    name.maxLength = 80;
    name.autocomplete = 'off';
    name.placeholder = text('people.name');
    name.setAttribute('aria-label', text('people.name'));
    const choice = roleChoice('operator');
    const password = passwordInput('people.password');
    const add = button('people.add');
    add.addEventListener('click', () => {
      // An existing person would get this password without anybody having meant it.
      const key = name.value.trim().toLowerCase();
      if ([...list.querySelectorAll('.twinwire-person-name')].some((one) => one.textContent?.toLowerCase() === key)) showAnswer(answer, 'bad', text('people.twice'));
      else if (name.value.trim() === '' || password.value === '') showAnswer(answer, 'bad', text('people.needBoth'));
      else void change({ action: 'put', name: name.value, role: choice.value, password: password.value }, text('people.added', { name: name.value.trim() }));
    });
    choice.classList.add('twinwire-person-new-role');
    row.append(name, choice, password, add);
    return row;
  }

  function roleChoice(role: string): HTMLSelectElement {
    const choice = make('select') as HTMLSelectElement;
    choice.setAttribute('aria-label', text('people.role'));
    for (const each of roles) {
      const option = make('option', '', text(`people.roles.${each}`)) as HTMLOptionElement;
      option.value = each;
      choice.append(option);
    }
    choice.value = role;
    return choice;
  }

  function passwordInput(key: string): HTMLInputElement {
    const input = make('input', 'twinwire-person-password') as HTMLInputElement;
    input.type = 'password';
    input.maxLength = 200;
    input.autocomplete = 'new-password';
    input.placeholder = text(key);
    input.setAttribute('aria-label', text(key));
    return input;
  }

  function button(key: string): HTMLButtonElement {
    const made = make('button', 'red-ui-button red-ui-button-small', text(key)) as HTMLButtonElement;
    made.type = 'button';
    return made;
  }
}
