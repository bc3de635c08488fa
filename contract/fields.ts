/**
 * A node's configuration fields, said once: the runtime reads defaults and ranges from here, the editor its `defaults`
 * and its form rows, the tests what to fill in. Labels and help texts are in the node's locales, under the field's name.
 */
export type Field =
  | { kind: 'text'; default: string; required?: boolean; maximumLength?: number; placeholder?: string }
  /** `before`: what a node does that was saved before there was this field; absent: as the default says. */
  | { kind: 'number'; default: number; before?: number; minimum: number; maximum: number; step?: number; integer?: boolean; unit?: FieldUnit }
  /** `others`: what the options don't have is taken too, as a site's own words; the node says what it may be. */
  | { kind: 'choice'; default: string; options: readonly string[]; others?: boolean }
  | { kind: 'flag'; default: boolean; before?: boolean }
  /** A config node, by its type. Stored as that node's id. */
  | { kind: 'reference'; to: string; default: ''; required?: boolean }
  /** A list of rows, edited by the node's own part of the dialog. `row` says what a row holds. */
  | { kind: 'list'; default: readonly []; row: Readonly<Record<string, Field>>; /** Default 10,000. */ maximumRows?: number }
  /** Kept by Node-RED's credential store, never in the flow file. */
  | { kind: 'credential'; secret: boolean; default: '' };

/** Units a number field can carry; shown beside the input, translated. */
export type FieldUnit = 's' | 'ms' | 'min' | 'h' | 'days' | '%' | 'x' | 'rows' | 'perWeek' | 'MB';

export type Fields = Readonly<Record<string, Field>>;

export type FieldValue<F extends Field> = F extends { kind: 'text' | 'choice' | 'reference' | 'credential' }
  ? string
  : F extends { kind: 'number' }
    ? number
    : F extends { kind: 'flag' }
      ? boolean
      : F extends { kind: 'list'; row: infer R extends Fields }
        ? { [K in keyof R]: FieldValue<R[K]> }[]
        : never;

export type Config<F extends Fields> = { [K in keyof F]: FieldValue<F[K]> };

/** What was wrong with one field; the code is stable. */
export interface FieldProblem {
  field: string;
  /** FIELD_NOT_SET: an environment variable stands there, and it is not set; `found` is its name. */
  code: 'FIELD_MISSING' | 'FIELD_NOT_SET' | 'FIELD_NOT_A_NUMBER' | 'FIELD_OUT_OF_RANGE' | 'FIELD_UNKNOWN_OPTION' | 'FIELD_TOO_LONG' | 'FIELD_NOT_A_LIST';
  found: string;
}

const maximumListRows = 10_000;
const longestOther = 60;

/** Node-RED leaves `${NAME}` as it stands when that environment variable is not set: nothing was given then. */
export function unsetVariable(given: unknown): string | undefined {
  return typeof given === 'string' ? /^\$\{([^{}]*)\}$/.exec(given.trim())?.[1] : undefined;
}

/**
 * Reads a saved node's properties. Always gives a usable config: what is absent or wrong is the default, and each wrong
 * field (not each absent one, for a node of an older version lacks the newer fields) is named in `problems`.
 * A field marked required that is empty is a problem too.
 */
export function readConfig<F extends Fields>(fields: F, raw: unknown): { config: Config<F>; problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const source = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
  const config: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = Object.hasOwn(source, name) ? source[name] : undefined;
    config[name] = readField(name, field, given, problems);
  }
  return { config: config as Config<F>, problems };
}

function readField(name: string, field: Field, given: unknown, problems: FieldProblem[]): unknown {
  const unset = unsetVariable(given);
  const absent = given === undefined || given === null || unset !== undefined;
  const tellMissing = (): void => {
    problems.push(unset === undefined ? { field: name, code: 'FIELD_MISSING', found: '' } : { field: name, code: 'FIELD_NOT_SET', found: unset });
  };
  switch (field.kind) {
    case 'text': {
      const text = unset !== undefined ? '' : absent ? field.default : typeof given === 'string' ? given.trim() : String(given);
      if (field.required === true && text === '') tellMissing();
      const limit = field.maximumLength ?? 1000;
      if (text.length > limit) {
        problems.push({ field: name, code: 'FIELD_TOO_LONG', found: `${text.length} > ${limit}` });
        return text.slice(0, limit);
      }
      return text;
    }
    case 'number': {
      if (given === undefined && field.before !== undefined) return field.before;
      if (absent || given === '') return field.default;
      const number = typeof given === 'number' ? given : typeof given === 'string' && /^[-+]?\d/.test(given.trim()) ? Number(given) : NaN;
      if (!Number.isFinite(number)) {
        problems.push({ field: name, code: 'FIELD_NOT_A_NUMBER', found: show(given) });
        return field.default;
      }
      if (number < field.minimum || number > field.maximum || (field.integer === true && !Number.isInteger(number))) {
        problems.push({ field: name, code: 'FIELD_OUT_OF_RANGE', found: `${number} (${field.minimum}…${field.maximum})` });
        return field.default;
      }
      return number;
    }
    case 'choice':
      if (absent || given === '') return field.default;
      if (field.others === true && typeof given === 'string' && given.length <= longestOther) return given.trim();
      if (typeof given !== 'string' || !field.options.includes(given)) {
        problems.push({ field: name, code: 'FIELD_UNKNOWN_OPTION', found: show(given) });
        return field.default;
      }
      return given;
    case 'flag':
      if (given === undefined && field.before !== undefined) return field.before;
      return absent ? field.default : given === true || given === 'true';
    case 'reference':
      if (typeof given === 'string' && given !== '' && unset === undefined) return given;
      if (field.required === true) tellMissing();
      return '';
    case 'list': {
      if (absent || given === '') return [];
      if (!Array.isArray(given)) {
        problems.push({ field: name, code: 'FIELD_NOT_A_LIST', found: show(given) });
        return [];
      }
      return given.slice(0, field.maximumRows ?? maximumListRows).map((row, index) => {
        const source = typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {};
        const read: Record<string, unknown> = {};
        for (const [column, inner] of Object.entries(field.row)) {
          read[column] = readField(`${name}[${index}].${column}`, inner, Object.hasOwn(source, column) ? source[column] : undefined, problems);
        }
        return read;
      });
    }
    case 'credential':
      return '';
  }
}

/** Node-RED's `defaults` object for `registerType`: everything but the credentials. */
export function editorDefaults(fields: Fields): Record<string, { value: unknown; required?: boolean; type?: string }> {
  const defaults: Record<string, { value: unknown; required?: boolean; type?: string }> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'credential') continue;
    defaults[name] =
      field.kind === 'reference'
        ? { value: '', type: field.to, required: field.required === true }
        : { value: field.kind === 'list' ? [] : field.default, ...(field.kind === 'text' && field.required === true ? { required: true } : {}) };
  }
  return defaults;
}

/** Node-RED's `credentials` object for `registerType`, on both sides. */
export function credentialDefinitions(fields: Fields): Record<string, { type: 'text' | 'password' }> {
  const definitions: Record<string, { type: 'text' | 'password' }> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.kind === 'credential') definitions[name] = { type: field.secret ? 'password' : 'text' };
  }
  return definitions;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
