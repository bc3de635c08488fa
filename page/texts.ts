/**
 * Every sentence of the page, in each language. Placeholders in braces; a key that ends in .one / .other is chosen by the
 * language's plural rule for {count}. Ordinary words only.
 */
export type Language = 'en-US' | 'de';

const english = {
  title: 'Twinwire',
  question: 'Which machine needs a look?',
  connecting: 'Connecting …',
  live: 'Live',
  'lost.title': 'No connection to Twinwire since {time}.',
  'lost.detail': 'Values below are old. Trying again by itself.',
  'lost.detail.none': 'Trying again by itself.',
  'lost.short': 'No connection',
  'site.time': 'Site time',
  'site.accelerated': 'runs {rate} × faster',
  'site.replay': 'replay of recorded data',

  'sum.none': 'No machine yet.',
  'sum.allNormal.one': 'The machine is normal.',
  'sum.allNormal.other': 'All {count} machines are normal.',
  'sum.someNormal': '{normal} of {count} machines normal.',
  'sum.nothing': 'Nothing needs a look.',
  'sum.needsLook': '{name} needs a look: {reason}.',
  'sum.needLook': '{count} machines need a look: {names}.',
  'sum.andMore': '{count} more',
  'sum.acknowledged.one': '{name} is being looked after.',
  'sum.acknowledged.other': '{count} machines are being looked after.',
  'sum.learning.one': '{name} is still learning what is normal.',
  'sum.learning.other': '{count} machines are still learning what is normal.',
  'sum.off.one': '{name} is off.',
  'sum.off.other': '{count} machines are off.',

  'group.attention': 'Needs a look',
  'group.acknowledged': 'Being looked after',
  'group.rest': 'All other machines',
  'group.all': 'Machines',

  'empty.add': 'Add a twin-asset node to a flow.',
  'empty.wire': 'Wire the machine’s values into it.',
  'empty.deploy': 'Deploy. The machine appears here by itself.',
  'empty.site': 'No machine on this site yet. Add a twin-asset node, wire values into it and deploy.',

  'condition.case': 'Needs a look',
  'condition.limit': 'Beyond its limit',
  'condition.stale': 'No new values',
  'condition.acknowledged': 'Being looked after',
  'condition.learning': 'Learning',
  'condition.off': 'Off',
  'condition.normal': 'Normal',
  'letter.F': 'Failure',
  'letter.C': 'Function check',
  'letter.S': 'Outside its range',
  'letter.M': 'Maintenance needed',
  legend: 'Signs',

  'reason.spike': 'sudden peak in {label}',
  'reason.step.up': '{label} jumped up',
  'reason.step.down': '{label} jumped down',
  'reason.step': '{label} jumped',
  'reason.drift.up': '{label} creeping up',
  'reason.drift.down': '{label} creeping down',
  'reason.drift': '{label} slowly moving away from normal',
  'reason.stuck': '{label} stuck at one value',
  'reason.noise': '{label} unusually restless',
  'reason.dropout': '{label} missing',
  'reason.limit.up': '{label} above its limit',
  'reason.limit.down': '{label} below its limit',
  'reason.limit': '{label} beyond its limit',
  'reason.deviation.up': '{label} higher than normal',
  'reason.deviation.down': '{label} lower than normal',
  'reason.deviation': '{label} not as normal',
  'reason.stale': 'no new values since {time}',
  'reason.staleNever': 'no values',
  'reason.staleHint': 'Is it switched on and connected?',
  'reason.unknown': 'something is not normal',

  'state.none': 'No state',
  'learning.waiting': 'Waiting for the first value.',
  'learning.learning': 'Learning what is normal: {percent}',
  'learning.provisional': 'Already watching, still learning: {percent}',
  'learning.armed': 'Knows what is normal',
  'learning.frozen': 'Learning is paused while the machine is off or abnormal',
  'missing.rows.one': '{count} more value',
  'missing.rows.other': '{count} more values',
  'missing.time': 'about {duration} more',
  'missing.operating-points.one': '{count} more speed or load',
  'missing.operating-points.other': '{count} more speeds or loads',
  'missing.fresh-values': 'fresh values',
  'missing.for': '{what} for {label}',
  'missing.needs': 'Still needs {list}.',

  'value.none': 'no value',
  'value.old': 'old',
  'value.uncertain': 'uncertain',
  'value.bad': 'bad signal',
  'value.yes': 'yes',
  'value.no': 'no',
  'band.within': '{label}: {value}, normal is {low} to {high}',
  'band.above': '{label}: {value}, above the normal {low} to {high}',
  'band.below': '{label}: {value}, below the normal {low} to {high}',
  'band.none': '{label}: {value}, what is normal is not known yet',
  'band.normal': 'normal {low} to {high}',
  'band.limit': 'limit {high}',
  'values.more.one': '{count} more value',
  'values.more.other': '{count} more values',
  'age.now': 'just now',
  'age.ago': 'Last value {age}',
  'age.never': 'No value yet',

  'case.since': 'Since {time}',
  'case.times': '{from} – {to}',
  'case.last': 'Last time: {sentence}',
  'case.none': 'No cases so far',
  'case.open': 'open',
  'case.acknowledgedBy': 'Acknowledged by {name}',
  'case.acknowledged': 'Acknowledged',
  'case.historical': 'from recorded data',
  'case.history': 'Last cases',

  'details.open': 'Details of {name}',
  'details.close': 'Close',
  'details.values': 'Values now',
  'details.value': 'Value',
  'details.now': 'Now',
  'details.normal': 'Normal',
  'details.chart': 'Over time',
  'details.span': 'Time shown',
  'details.pick': 'Value shown',
  'details.line': 'Measured',
  'details.band': 'Normal range',
  'details.noSeries': 'Nothing recorded in this time.',
  'details.loading': 'Loading …',
  'details.failed': 'The past cannot be shown now. {text}',
  'details.gone': 'This machine is no longer there. It may have been removed or renamed.',
  'details.neighbours': 'Connected machines',
  'details.noNeighbours': 'No machine is linked with this one. A twin-link node draws the way of the material.',
  'details.type': 'Type',
  'details.place': 'Place',
  'details.state': 'State',
  'details.learning': 'Learning',
  'chart.text': '{label}, {span}: lowest {low}, highest {high}, now {value}.',
  'chart.outside': 'Outside normal',

  'relation.feeds': 'Feeds {name}',
  'relation.fed-by': 'Fed by {name}',
  'relation.part-of': 'Part of {name}',
  'relation.has-part': 'Has part {name}',
  'relation.powers': 'Powers {name}',
  'relation.powered-by': 'Powered by {name}',
  'relation.measured-by': 'Measured by {name}',
  'relation.measures': 'Measures {name}',
  'relation.located-in': 'Located in {name}',
  'relation.contains': 'Contains {name}',
  'relation.serviced-by': 'Serviced by {name}',
  'relation.services': 'Services {name}',
  'relation.other': '{relation}: {name}',

  'ack.button': 'Acknowledge',
  'ack.what': 'I have seen it and look after it',
  'ack.name': 'Your name',
  'ack.confirm': 'Confirm',
  'ack.cancel': 'Cancel',
  'ack.sending': 'Sending …',
  'ack.needName': 'Enter your name, so that others know who looks after it.',
  'ack.done': 'Acknowledged by {name}.',
  'ack.failed': 'Not acknowledged: {text}',
  'error.connection': 'No connection to Twinwire. Try again in a moment.',
  'error.TWIN_MACHINE_UNKNOWN': 'This machine is no longer there.',
  'error.TWIN_PAGE_ORIGIN': 'The address of this page and of Twinwire differ. Open the page at its own address.',
  'error.TWIN_PAGE_FAILED': 'Twinwire could not answer. The log of Node-RED says why.',
  'error.code': '{text} ({code})',

  footer: 'Early warning for people. Not a safety system.',
} as const;

export type TextKey = keyof typeof english;

const german: Record<TextKey, string> = {
  title: 'Twinwire',
  question: 'Nach welcher Maschine muss jemand sehen?',
  connecting: 'Verbindung wird aufgebaut …',
  live: 'Live',
  'lost.title': 'Keine Verbindung zu Twinwire seit {time}.',
  'lost.detail': 'Die Werte unten sind alt. Neuer Versuch läuft von selbst.',
  'lost.detail.none': 'Neuer Versuch läuft von selbst.',
  'lost.short': 'Keine Verbindung',
  'site.time': 'Zeit im Werk',
  'site.accelerated': 'läuft {rate} × schneller',
  'site.replay': 'Wiedergabe aufgezeichneter Daten',

  'sum.none': 'Noch keine Maschine.',
  'sum.allNormal.one': 'Die Maschine läuft normal.',
  'sum.allNormal.other': 'Alle {count} Maschinen laufen normal.',
  'sum.someNormal': '{normal} von {count} Maschinen normal.',
  'sum.nothing': 'Nach keiner Maschine muss jemand sehen.',
  'sum.needsLook': 'Bitte nach {name} sehen: {reason}.',
  'sum.needLook': 'Bitte nach {count} Maschinen sehen: {names}.',
  'sum.andMore': '{count} weitere',
  'sum.acknowledged.one': 'Um {name} kümmert sich jemand.',
  'sum.acknowledged.other': 'Um {count} Maschinen kümmert sich jemand.',
  'sum.learning.one': '{name} lernt noch, was normal ist.',
  'sum.learning.other': '{count} Maschinen lernen noch, was normal ist.',
  'sum.off.one': '{name} ist aus.',
  'sum.off.other': '{count} Maschinen sind aus.',

  'group.attention': 'Bitte nachsehen',
  'group.acknowledged': 'In Arbeit',
  'group.rest': 'Alle anderen Maschinen',
  'group.all': 'Maschinen',

  'empty.add': 'Einen Knoten twin-asset in einen Flow setzen.',
  'empty.wire': 'Die Werte der Maschine hineinführen.',
  'empty.deploy': 'Übernehmen (Deploy). Die Maschine erscheint hier von selbst.',
  'empty.site': 'Noch keine Maschine an diesem Standort. Einen Knoten twin-asset einsetzen, Werte hineinführen und übernehmen.',

  'condition.case': 'Bitte nachsehen',
  'condition.limit': 'Grenzwert verletzt',
  'condition.stale': 'Keine neuen Werte',
  'condition.acknowledged': 'In Arbeit',
  'condition.learning': 'Lernt',
  'condition.off': 'Aus',
  'condition.normal': 'Normal',
  'letter.F': 'Ausfall',
  'letter.C': 'Funktionskontrolle',
  'letter.S': 'Außerhalb des Bereichs',
  'letter.M': 'Wartung nötig',
  legend: 'Zeichen',

  'reason.spike': 'plötzlicher Ausschlag bei {label}',
  'reason.step.up': '{label} nach oben gesprungen',
  'reason.step.down': '{label} nach unten gesprungen',
  'reason.step': '{label} gesprungen',
  'reason.drift.up': '{label} steigt langsam',
  'reason.drift.down': '{label} sinkt langsam',
  'reason.drift': '{label} entfernt sich langsam vom Normalen',
  'reason.stuck': '{label} bleibt auf einem Wert stehen',
  'reason.noise': '{label} ungewöhnlich unruhig',
  'reason.dropout': '{label} fehlt',
  'reason.limit.up': '{label} über dem Grenzwert',
  'reason.limit.down': '{label} unter dem Grenzwert',
  'reason.limit': '{label} außerhalb des Grenzwerts',
  'reason.deviation.up': '{label} höher als normal',
  'reason.deviation.down': '{label} niedriger als normal',
  'reason.deviation': '{label} nicht wie sonst',
  'reason.stale': 'keine neuen Werte seit {time}',
  'reason.staleNever': 'keine Werte',
  'reason.staleHint': 'Ist sie eingeschaltet und verbunden?',
  'reason.unknown': 'etwas ist nicht normal',

  'state.none': 'Kein Zustand',
  'learning.waiting': 'Wartet auf den ersten Wert.',
  'learning.learning': 'Lernt, was normal ist: {percent}',
  'learning.provisional': 'Wacht schon, lernt noch: {percent}',
  'learning.armed': 'Weiß, was normal ist',
  'learning.frozen': 'Lernen ruht, solange die Maschine aus oder auffällig ist',
  'missing.rows.one': 'noch {count} Wert',
  'missing.rows.other': 'noch {count} Werte',
  'missing.time': 'noch etwa {duration}',
  'missing.operating-points.one': '{count} weitere Geschwindigkeit oder Last',
  'missing.operating-points.other': '{count} weitere Geschwindigkeiten oder Lasten',
  'missing.fresh-values': 'frische Werte',
  'missing.for': '{what} für {label}',
  'missing.needs': 'Es braucht {list}.',

  'value.none': 'kein Wert',
  'value.old': 'alt',
  'value.uncertain': 'unsicher',
  'value.bad': 'Signal schlecht',
  'value.yes': 'ja',
  'value.no': 'nein',
  'band.within': '{label}: {value}, normal ist {low} bis {high}',
  'band.above': '{label}: {value}, über dem Normalen von {low} bis {high}',
  'band.below': '{label}: {value}, unter dem Normalen von {low} bis {high}',
  'band.none': '{label}: {value}, was normal ist, ist noch nicht bekannt',
  'band.normal': 'normal {low} bis {high}',
  'band.limit': 'Grenzwert {high}',
  'values.more.one': '{count} weiterer Wert',
  'values.more.other': '{count} weitere Werte',
  'age.now': 'gerade eben',
  'age.ago': 'Letzter Wert {age}',
  'age.never': 'Noch kein Wert',

  'case.since': 'Seit {time}',
  'case.times': '{from} – {to}',
  'case.last': 'Zuletzt: {sentence}',
  'case.none': 'Bisher kein Fall',
  'case.open': 'offen',
  'case.acknowledgedBy': 'Quittiert von {name}',
  'case.acknowledged': 'Quittiert',
  'case.historical': 'aus aufgezeichneten Daten',
  'case.history': 'Letzte Fälle',

  'details.open': 'Einzelheiten zu {name}',
  'details.close': 'Schließen',
  'details.values': 'Werte jetzt',
  'details.value': 'Wert',
  'details.now': 'Jetzt',
  'details.normal': 'Normal',
  'details.chart': 'Verlauf',
  'details.span': 'Gezeigte Zeit',
  'details.pick': 'Gezeigter Wert',
  'details.line': 'Gemessen',
  'details.band': 'Normalbereich',
  'details.noSeries': 'In dieser Zeit wurde nichts aufgezeichnet.',
  'details.loading': 'Wird geladen …',
  'details.failed': 'Die Vergangenheit kann gerade nicht gezeigt werden. {text}',
  'details.gone': 'Diese Maschine gibt es nicht mehr. Sie wurde entfernt oder umbenannt.',
  'details.neighbours': 'Verbundene Maschinen',
  'details.noNeighbours': 'Mit dieser Maschine ist keine verbunden. Ein Knoten twin-link zeichnet den Weg des Materials.',
  'details.type': 'Typ',
  'details.place': 'Ort',
  'details.state': 'Zustand',
  'details.learning': 'Lernen',
  'chart.text': '{label}, {span}: niedrigster Wert {low}, höchster {high}, jetzt {value}.',
  'chart.outside': 'Außerhalb des Normalen',

  'relation.feeds': 'Beliefert {name}',
  'relation.fed-by': 'Beliefert von {name}',
  'relation.part-of': 'Teil von {name}',
  'relation.has-part': 'Hat das Teil {name}',
  'relation.powers': 'Treibt {name} an',
  'relation.powered-by': 'Angetrieben von {name}',
  'relation.measured-by': 'Gemessen von {name}',
  'relation.measures': 'Misst {name}',
  'relation.located-in': 'Steht in {name}',
  'relation.contains': 'Enthält {name}',
  'relation.serviced-by': 'Gewartet von {name}',
  'relation.services': 'Wartet {name}',
  'relation.other': '{relation}: {name}',

  'ack.button': 'Quittieren',
  'ack.what': 'Ich habe es gesehen und kümmere mich darum',
  'ack.name': 'Ihr Name',
  'ack.confirm': 'Bestätigen',
  'ack.cancel': 'Abbrechen',
  'ack.sending': 'Wird gesendet …',
  'ack.needName': 'Bitte den Namen eintragen, damit andere wissen, wer sich kümmert.',
  'ack.done': 'Quittiert von {name}.',
  'ack.failed': 'Nicht quittiert: {text}',
  'error.connection': 'Keine Verbindung zu Twinwire. Bitte gleich noch einmal versuchen.',
  'error.TWIN_MACHINE_UNKNOWN': 'Diese Maschine gibt es nicht mehr.',
  'error.TWIN_PAGE_ORIGIN':
    'Die Adresse dieser Seite und die von Twinwire sind verschieden. Bitte die Seite unter ihrer eigenen Adresse öffnen.',
  'error.TWIN_PAGE_FAILED': 'Twinwire konnte nicht antworten. Der Grund steht im Protokoll von Node-RED.',
  'error.code': '{text} ({code})',

  footer: 'Frühwarnung für Menschen. Kein Sicherheitssystem.',
};

export const texts: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { 'en-US': english, de: german };

/** Reads the texts of one language. */
export interface Say {
  (key: TextKey, values?: Readonly<Record<string, string | number>>): string;
  readonly language: Language;
  /** 'x' chosen between 'x.one' and 'x.other' by `count`, which is also a placeholder. */
  plural(key: PluralKey, count: number, values?: Readonly<Record<string, string | number>>): string;
}

type StemOf<K> = K extends `${infer Stem}.other` ? (`${Stem}.one` extends TextKey ? Stem : never) : never;
type PluralKey = StemOf<TextKey>;

export function sayIn(language: Language): Say {
  const own = texts[language];
  const rules = new Intl.PluralRules(language);
  const say = (key: TextKey, values: Readonly<Record<string, string | number>> = {}): string =>
    own[key].replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  const plural = (key: PluralKey, count: number, values: Readonly<Record<string, string | number>> = {}): string => {
    const form = rules.select(count) === 'one' ? 'one' : 'other';
    return say(`${key}.${form}` as TextKey, { count: new Intl.NumberFormat(language).format(count), ...values });
  };
  return Object.assign(say, { language, plural });
}

export function hasText(key: string): key is TextKey {
  return Object.hasOwn(english, key);
}

/** `?lang=de` wins; then the first of the browser's languages that we have; then English. */
export function chooseLanguage(asked: string | null, preferred: readonly string[]): Language {
  for (const tag of [...(asked ? [asked] : []), ...preferred]) {
    const primary = tag.toLowerCase().split('-')[0];
    if (primary === 'de') return 'de';
    if (primary === 'en') return 'en-US';
  }
  return 'en-US';
}
