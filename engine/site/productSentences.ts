import type { RecordedModel } from '../process/recordedModel.ts';
import type { Language } from './sentences.ts';
import { shortNumber } from './shortNumber.ts';

const german: readonly (readonly [RegExp, string])[] = [
  [/^the record of this line does not tell products apart; name the property of the product as the batch in twin-line$/,
    'die Aufzeichnung dieser Linie unterscheidet keine Produkte; in twin-line die Eigenschaft des Produkts als Charge nennen'],
  [/^the batch property names more than (.*) things, so they are no products$/, 'die Eigenschaft der Charge nennt mehr als $1 Namen, also keine Produkte'],
  [/^only one product ever ran, (.*)$/, 'es lief immer nur ein Produkt, $1'],
  [/^only (.*) ran in the time that the line looks back; let it look back longer in twin-line$/,
    'in der Zeit, auf die die Linie zurückblickt, lief nur $1; in twin-line länger zurückblicken lassen'],
  [/^two products have to be counted, and a change between them$/, 'es müssen zwei Produkte gezählt sein, und ein Wechsel zwischen ihnen'],
  [/^the mix is one of the whole line; leave the station empty$/, 'der Mix gilt für die ganze Linie; die Station leer lassen'],
  [/^it needs a product$/, 'er braucht ein Produkt'],
  [/^the line never made (.*); it made (.*)$/, 'die Linie stellte nie $1 her; sie stellte her: $2'],
  [/^(.*) is named twice$/, '$1 ist zweimal genannt'],
  [/^together the shares are above 100 %$/, 'zusammen sind die Anteile über 100 %'],
  [/^together the shares of all products have to be 100 %$/, 'zusammen müssen die Anteile aller Produkte 100 % sein'],
];

/** Why a mix cannot be tried, in German; undefined: it says something else. */
export function germanWhyNoMix(reason: string): string | undefined {
  const found = german.find(([pattern]) => pattern.test(reason));
  return found === undefined ? undefined : reason.replace(found[0], found[1]);
}

/** How products are simulated; the details where somebody asks about the mix. */
export function productNotes({ products, setups }: RecordedModel, isAsked: boolean, nameOf: (key: string) => string, language: Language): string[] {
  if (products === undefined) return [];
  const de = language === 'de';
  const n = (value: number): string => shortNumber(value, language);
  const came = products.kinds.filter(({ parts }) => parts > 0);
  const shares = came.map(({ name, share }) => `${name} ${n(100 * share)} %`).join(', ');
  const notes = [de
    ? `Produkte: ${shares}; ${products.changes} Wechsel, einer alle ${n(products.partsPerChange)} Teile. So oft wird auch simuliert gewechselt.`
    : `Products: ${shares}; ${products.changes} changes, one in ${n(products.partsPerChange)} parts. The simulation changes as often.`];
  if (!isAsked) return notes;
  for (const { station, cycles, setup, scrap, scrapOfOthers } of products.stations) {
    const name = nameOf(station);
    if (cycles.length > 0) {
      const times = cycles.map(({ name: product, seconds }) => `${product} ${n(seconds.value)} s`).join(', ');
      notes.push(de ? `${name} braucht je Teil: ${times}.` : `${name} needs per part: ${times}.`);
    }
    if (scrap.length > 0) {
      const shares = scrap.map(({ name: product, share }) => `${product} ${n(100 * share.value)} %`).join(', ');
      const rest = scrap.length === came.length ? '' : de ? `; die anderen ${n(100 * scrapOfOthers)} %` : `; the others ${n(100 * scrapOfOthers)} %`;
      notes.push(de ? `${name}, schlechte Teile: ${shares}${rest}.` : `${name}, bad parts: ${shares}${rest}.`);
    }
    if (setup !== undefined) {
      notes.push(de ? `${name}: im Mittel ${n(setup.seconds / 60)} min Rüsten je Produktwechsel.` : `${name}: ${n(setup.seconds / 60)} min of set-up per change of product on average.`);
    }
  }
  const alike = products.stations.filter(({ cycles }) => cycles.length === 0).map(({ station }) => nameOf(station)).join(', ');
  if (alike !== '') notes.push(de ? `Kein Unterschied der Arbeitszeiten zwischen Produkten zu sehen: ${alike}.` : `No difference of working times between products was seen: ${alike}.`);
  if (products.stations.every(({ setup }) => setup === undefined) && setups.length === 0) {
    notes.push(de ? 'Bei keinem Wechsel des Produkts war je Rüsten zu sehen; simuliert wird ohne.' : 'No set-up was ever seen with a change of product; it is simulated without.');
  }
  for (const { name, parts } of products.kinds) {
    const where = products.stations.filter(({ few }) => few.some((one) => one.name === name)).map(({ station }) => nameOf(station));
    if (parts === 0) notes.push(de ? `${name}: nie ein Teil gezählt; gerechnet wird wie mit den anderen.` : `${name}: no part of it was ever counted; it is taken for the others.`);
    else if (where.length > 0) notes.push(de
      ? `${name}: zu wenige Teile, um Arbeitszeiten zu unterscheiden (${where.join(', ')}).`
      : `${name}: too few parts to tell its working times (${where.join(', ')}).`);
  }
  for (const [from, to] of products.neverChanged) {
    notes.push(de ? `Ein Wechsel von ${from} zu ${to} kam nie vor; Rüsten wie bei den anderen.` : `A change from ${from} to ${to} was never seen; set-up as at the others.`);
  }
  return notes;
}
