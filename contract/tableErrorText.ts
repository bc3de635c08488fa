import type { TableError } from './machineTable.ts';

const texts: Readonly<Record<'en-US' | 'de', Readonly<Record<TableError['code'], string>>>> = {
  'en-US': {
    NOT_A_NUMBER: 'row {row}: {column} "{value}" is not a number',
    KEY_TWICE: 'row {row}: the key "{value}" is already in row {other}',
    NO_NAME: 'row {row}: neither a key nor a name of which one can be made',
    KEY_CHARACTERS: 'row {row}: the key "{value}" has a space or one of / # +',
    PLACE_CHARACTERS: 'row {row}: the place "{value}" is not written like plant/line1',
    TOO_LONG: 'row {row}: {column} is longer than {other} characters',
    LIMIT_ORDER: 'row {row}: the limits of {column} do not rise from lowest to highest: {value}',
    COLUMN_UNKNOWN: 'row {row}: the column "{column}" belongs to nothing and was left out',
    COLUMN_TWICE: 'row {row}: the column "{column}" is there twice; the first one counts',
    NO_COLUMNS: 'row {row}: no column is called key or name. {column}',
    TOO_MANY_ROWS: 'from row {row} on: at most {other} machines are read',
  },
  de: {
    NOT_A_NUMBER: 'Zeile {row}: {column} „{value}“ ist keine Zahl',
    KEY_TWICE: 'Zeile {row}: Der Schlüssel „{value}“ steht schon in Zeile {other}',
    NO_NAME: 'Zeile {row}: weder ein Schlüssel noch ein Name, aus dem einer wird',
    KEY_CHARACTERS: 'Zeile {row}: Der Schlüssel „{value}“ hat ein Leerzeichen oder eines von / # +',
    PLACE_CHARACTERS: 'Zeile {row}: Der Ort „{value}“ ist nicht wie werk/linie1 geschrieben',
    TOO_LONG: 'Zeile {row}: {column} ist länger als {other} Zeichen',
    LIMIT_ORDER: 'Zeile {row}: Die Grenzwerte von {column} steigen nicht vom untersten zum obersten: {value}',
    COLUMN_UNKNOWN: 'Zeile {row}: Die Spalte „{column}“ gehört zu nichts und wurde weggelassen',
    COLUMN_TWICE: 'Zeile {row}: Die Spalte „{column}“ gibt es zweimal; die erste zählt',
    NO_COLUMNS: 'Zeile {row}: Keine Spalte heißt Schlüssel oder Name. {column}',
    TOO_MANY_ROWS: 'ab Zeile {row}: höchstens {other} Maschinen werden gelesen',
  },
};

/** What is wrong with a row of a machine table, as a sentence without its full stop. */
export function tableErrorText(error: TableError, language: 'en-US' | 'de'): string {
  return texts[language][error.code].replace(/\{(row|column|value|other)\}/g, (_whole, name: 'row' | 'column' | 'value' | 'other') => String(error[name])).trim();
}
