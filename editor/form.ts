import { editorDefaults, credentialDefinitions, type Field, type Fields } from '../contract/fields.ts';
import { textOf, withoutMarkup, type TextValues } from './text.ts';
import { rowList, type RowList, type RowListOptions } from './rowList.ts';

/** A saved value that stands for an environment variable; Node-RED puts the value in at deploy, so it is not judged here. */
const environmentVariable = /^\$(\{[^{}]+\}|\([^()]+\))$/;

/** Checks beyond the ones that follow from a field itself. A text says what is wrong. */
export type Check = (value: unknown, node: EditorNode) => true | string | string[];

export interface Form {
  /** For `registerType`. The build writes each name out, as tools that read the page expect to find them there. */
  readonly defaults: Record<string, EditorDefault>;
  readonly credentials: Record<string, { type: 'text' | 'password' }>;
  /** Call in oneditprepare: conditional rows, preselected references, environment variables in number fields. */
  prepare(node: EditorNode): OpenForm;
  /** Call in oneditsave: numbers are saved as numbers, lists as arrays. */
  save(node: EditorNode): void;
  text(key: string, values?: TextValues): string;
}

/** The form while its dialog is open. */
export interface OpenForm {
  readonly root: HTMLElement;
  /** The field's input as it is now: Node-RED replaces a reference's input by a select of its own. */
  input(name: string): HTMLInputElement;
  /** What the field shows; '' for a reference that names no node. */
  value(name: string): string;
  /** All fields but the lists, as they stand in the dialog now, credentials included. */
  values(): Record<string, string | number | boolean>;
  /** As a user would have typed it. */
  set(name: string, value: string): void;
  onChange(name: string, listener: () => void): void;
  element<E extends HTMLElement = HTMLElement>(part: string): E;
  /** Shows a list field; it is read when the form is saved. */
  list(name: string, options: Omit<RowListOptions, 'host' | 'row' | 'rows' | 'text' | 'name'>): RowList;
}

/**
 * The dialog of one node, from its fields: defaults with a validator each that answers in a plain sentence.
 * Choose it for every node; what a field can't say (tables, buttons) is added through the open form.
 */
export function form(type: string, fields: Fields, checks: Readonly<Record<string, Check>> = {}, isConfig = false): Form {
  const text = textOf(type);
  const prefix = isConfig ? 'node-config-input-' : 'node-input-';
  const defaults: Record<string, EditorDefault> = {};
  for (const [name, { value, type: to }] of Object.entries(editorDefaults(fields))) {
    const field = fields[name] as Field;
    const check = checks[name];
    defaults[name] = {
      value,
      ...(to === undefined ? {} : { type: to }),
      // Node-RED counts the parameters: only a validator with two of them may answer with a text.
      validate(this: EditorNode, given: unknown, _options) {
        const found = checkField(name, field, given, text);
        const result = found !== true || check === undefined ? found : check(given, this);
        return typeof result === 'string' ? withoutMarkup(result) : Array.isArray(result) ? result.map(withoutMarkup) : result;
      },
    };
  }
  let lists = new Map<string, RowList>();

  return {
    defaults,
    credentials: credentialDefinitions(fields),
    text,
    prepare(node) {
      lists = new Map();
      const root = document.querySelector<HTMLElement>(`[data-dialog="${type}"]`) ?? document.body;
      const input = (name: string): HTMLInputElement => root.querySelector<HTMLInputElement>(`#${prefix}${name}`) as HTMLInputElement;
      const value = (name: string): string => {
        const element = input(name);
        if (element.type === 'checkbox') return element.checked ? 'true' : '';
        return element.value === '_ADD_' ? '' : element.value;
      };
      const open: OpenForm = {
        root,
        input,
        value,
        values() {
          const values: Record<string, string | number | boolean> = {};
          for (const [name, field] of Object.entries(fields)) {
            if (field.kind === 'list') continue;
            const shown = value(name);
            values[name] = field.kind === 'flag' ? shown !== '' : field.kind === 'number' && shown !== '' ? Number(shown) : shown;
          }
          return values;
        },
        set(name, next) {
          $(input(name)).val(next).trigger('change');
        },
        onChange(name, listener) {
          $(input(name)).on('change input keyup paste', () => listener());
        },
        element: <E extends HTMLElement>(part: string) => root.querySelector(`[data-part="${part}"]`) as E,
        list(name, options) {
          const field = fields[name];
          if (field?.kind !== 'list') throw new TypeError(`${name} is no list`);
          const rows = Array.isArray(node[name]) ? (node[name] as Record<string, unknown>[]) : [];
          const made = rowList({ ...options, name, host: open.element(name), row: field.row, rows, text });
          lists.set(name, made);
          return made;
        },
      };
      for (const [name, field] of Object.entries(fields)) {
        // A node of an older version lacks the newer fields, an imported one perhaps all: it works with the defaults, so they are shown.
        if (node[name] === undefined) showDefault(input(name), field);
        if (field.kind === 'number' && environmentVariable.test(String(node[name] ?? ''))) {
          // A number input would show nothing for it and lose it on the next save.
          input(name).type = 'text';
          input(name).value = String(node[name]);
        }
        if (field.kind === 'choice' && environmentVariable.test(String(node[name] ?? ''))) {
          // Likewise a list that has no such entry.
          const select = root.querySelector<HTMLSelectElement>(`#${prefix}${name}`);
          select?.add(new Option(String(node[name]), String(node[name])));
          if (select !== null) select.value = String(node[name]);
        }
        if (field.kind === 'reference' && field.required === true && value(name) === '') preselect(input(name));
      }
      prepareConditions(open, fields);
      return open;
    },
    save(node) {
      for (const [name, field] of Object.entries(fields)) {
        if (field.kind === 'list') {
          const list = lists.get(name);
          if (list !== undefined) node[name] = list.read();
        }
        if (field.kind === 'number') {
          const element = document.querySelector<HTMLInputElement>(`#${prefix}${name}`);
          const number = element === null || element.value.trim() === '' ? NaN : Number(element.value);
          if (Number.isFinite(number)) node[name] = number;
        }
      }
    },
  };
}

function showDefault(element: HTMLInputElement | null, field: Field): void {
  if (element === null || field.kind === 'reference' || field.kind === 'credential' || field.kind === 'list') return;
  // A node from before there was this field goes on as it was, so that is what it shows.
  if (field.kind === 'flag') element.checked = field.before ?? field.default;
  else element.value = String(field.kind === 'number' ? (field.before ?? field.default) : field.default);
}

/** Chooses the only config node there is, so that a first node needs no choice. */
function preselect(select: HTMLElement): void {
  if (!(select instanceof HTMLSelectElement)) return;
  const real = [...select.options].filter((option) => option.value !== '' && option.value !== '_ADD_' && !option.disabled);
  const only = real[0];
  if (real.length === 1 && only !== undefined) $(select).val(only.value).trigger('change');
}

/** Rows with `data-when="field=value"`, `"field"` (has a value), `"!field"` or several of them with `or` between are shown only then. */
function prepareConditions(open: OpenForm, fields: Fields): void {
  const rows = [...open.root.querySelectorAll<HTMLElement>('[data-when]')];
  const apply = (): void => {
    for (const row of rows) {
      const answers = conditionsOf(row).flatMap(([not, name, wanted]) => {
        if (!Object.hasOwn(fields, name)) return [];
        const value = open.value(name);
        const holds = wanted === undefined ? value !== '' : wanted.split('|').includes(value);
        return [holds === (not === '')];
      });
      if (answers.length > 0) row.style.display = answers.includes(true) ? '' : 'none';
    }
  };
  for (const name of new Set(rows.flatMap((row) => conditionsOf(row).map(([, name]) => name)))) {
    if (Object.hasOwn(fields, name)) $(open.input(name)).on('change', apply);
  }
  apply();
}

function conditionsOf(row: HTMLElement): [not: string, name: string, wanted: string | undefined][] {
  return (row.dataset['when'] ?? '').split(' or ').map((condition) => {
    const [, not = '', name = '', , wanted] = /^(!?)(\w+)(=(.*))?$/.exec(condition) ?? [];
    return [not, name, wanted];
  });
}

/** What is wrong with a value by the field's own definition: true or a sentence. */
export function checkField(
  name: string,
  field: Field,
  given: unknown,
  text: (key: string, values?: TextValues) => string,
): true | string {
  if (typeof given === 'string' && environmentVariable.test(given)) return true;
  const say = (problem: string, values: TextValues = {}): string => text(`problem.${problem}`, { field: text(`label.${name}`), ...values });
  switch (field.kind) {
    case 'text': {
      const value = String(given ?? '').trim();
      if (field.required === true && value === '') return say('missing');
      const limit = field.maximumLength ?? 1000;
      return value.length > limit ? say('tooLong', { limit }) : true;
    }
    case 'number': {
      if (given === undefined || given === null) return true;
      const value = typeof given === 'number' ? given : String(given).trim() === '' ? NaN : Number(given);
      if (!Number.isFinite(value)) return say('notANumber');
      if (value < field.minimum || value > field.maximum) return say('range', { minimum: field.minimum, maximum: field.maximum });
      return field.integer === true && !Number.isInteger(value) ? say('wholeNumber') : true;
    }
    case 'choice':
      return given === undefined || given === '' || field.others === true || field.options.includes(String(given)) ? true : say('unknownOption');
    case 'reference': {
      if (given === undefined || given === '' || given === null || given === '_ADD_') return field.required === true ? say('choose') : true;
      const chosen = RED.nodes.node(String(given));
      if (chosen === null || chosen === undefined) return say('gone');
      return chosen.valid === false ? say('incomplete', { name: String(chosen.name ?? '') || chosen.id }) : true;
    }
    case 'list':
      return given === undefined || given === null || given === '' || Array.isArray(given) ? true : say('notAList');
    case 'flag':
    case 'credential':
      return true;
  }
}
