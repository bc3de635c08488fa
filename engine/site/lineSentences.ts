import type { LineFinding } from '../process/lineTwin.ts';
import type { Language } from './sentences.ts';

const texts: Record<Language, Record<LineFinding['code'], string>> = {
  'en-US': {
    LINE_BOTTLENECK: '{name} limits the line now ({detail} % of the time).',
    LINE_STOP: '{name} has stopped: {detail}.',
    TWIN_LINE_SILENT: 'Nothing comes from {name}; its state is not known.',
    TWIN_LINE_LATE: '{name}: values of the past came late. They are in the history; the figures of the line leave them out and count that time as not known.',
    TWIN_LINE_COUNTER_RESET: '{name}: the counter "{detail}" has begun again; what it shows since then is counted.',
    TWIN_LINE_NOT_ARRIVING: '{name} works, but counts none of the parts that come to it. Check its counter, or the order of the stations.',
    TWIN_LINE_MODE: '{name}: what the operating mode "{detail}" means is not known. Enter it in twin-line.',
    TWIN_OEE_NO_PLAN: '{name}: no time was planned, so there is no availability and no OEE.',
    TWIN_OEE_RECORD: '{name}: more bad parts than parts were counted, so there is no OEE. Check its counters.',
  },
  de: {
    LINE_BOTTLENECK: '{name} begrenzt jetzt die Linie ({detail} % der Zeit).',
    LINE_STOP: '{name} steht: {detail}.',
    TWIN_LINE_SILENT: 'Von {name} kommt nichts; der Zustand ist nicht bekannt.',
    TWIN_LINE_LATE: '{name}: Werte von früher kamen verspätet. Sie stehen in der Historie; die Kennzahlen der Linie lassen sie aus, diese Zeit gilt als nicht bekannt.',
    TWIN_LINE_COUNTER_RESET: '{name}: Der Zähler „{detail}“ hat neu begonnen; gezählt wird, was er seither zeigt.',
    TWIN_LINE_NOT_ARRIVING: '{name} läuft, zählt aber keines der Teile, die dorthin kommen. Den Zähler oder die Reihenfolge der Stationen prüfen.',
    TWIN_LINE_MODE: '{name}: Was die Betriebsart „{detail}“ bedeutet, ist nicht bekannt. In twin-line eintragen.',
    TWIN_OEE_NO_PLAN: '{name}: Es war keine Zeit geplant, also keine Verfügbarkeit und keine OEE.',
    TWIN_OEE_RECORD: '{name}: Mehr schlechte Teile als Teile wurden gezählt, also keine OEE. Die Zähler prüfen.',
  },
};

export function lineSentence({ code, detail }: LineFinding, name: string, language: Language): string {
  const nothing = language === 'de' ? 'ohne Angabe' : 'no reason told';
  return texts[language][code].replace(/\{(\w+)\}/g, (_, field: string) => (field === 'name' ? name : detail === '' ? nothing : detail));
}
