import { codeOnly } from '../../../scripts/sourceText.ts';

/** A sentence for people as it stands in a source, `{}` where a value is put in. */
export interface SourceSentence {
  code: string;
  sentence: string;
  line: number;
}

/**
 * What `new Problem('TWIN_…', found, remedy)` can say in a source: every text that stands in its second and third argument, or in the
 * constant of that name before it. Texts inside `${…}` are values.
 */
export function problemSentences(source: string): SourceSentence[] {
  const code = codeOnly(source);
  const sentences: SourceSentence[] = [];
  for (const { index } of code.matchAll(/\bnew Problem\(/g)) {
    const [first, ...rest] = argumentsAt(code, index + 'new Problem('.length);
    const name = first === undefined ? '' : (textsIn(source, code, ...first)[0] ?? '');
    if (!/^TWIN_[A-Z0-9_]+$/.test(name)) continue;
    const line = source.slice(0, index).split('\n').length;
    for (const span of rest.slice(0, 2)) {
      const texts = textsIn(source, code, ...span);
      const constant = /^\s*(\w+)\b/.exec(code.slice(...span))?.[1];
      const declared = texts.length > 0 || constant === undefined ? [] : declaration(source, code, constant, index);
      for (const sentence of [...texts, ...declared]) if (/\w /.test(sentence)) sentences.push({ code: name, sentence, line });
    }
  }
  return sentences;
}

/** Where each argument begins and ends. */
function argumentsAt(code: string, start: number): [number, number][] {
  const spans: [number, number][] = [];
  let depth = 0;
  let begin = start;
  for (let at = start; at < code.length; at++) {
    const character = code[at] as string;
    if ('([{'.includes(character)) depth += 1;
    else if (depth === 0 && (character === ')' || character === ',')) {
      spans.push([begin, at]);
      begin = at + 1;
      if (character === ')') break;
    } else if (')]}'.includes(character)) depth -= 1;
  }
  return spans;
}

function declaration(source: string, code: string, name: string, before: number): string[] {
  const at = [...code.slice(0, before).matchAll(new RegExp(`\\b(?:const|let) [^=;]*\\b${name}\\b[^=;]*= `, 'g'))].at(-1)?.index;
  if (at === undefined) return [];
  const end = code.indexOf(';', at);
  return textsIn(source, code, at, end);
}

/** The strings and templates between two places; joined where only a plus stands between them. */
function textsIn(source: string, code: string, from: number, to: number): string[] {
  const texts: string[] = [];
  let lastEnd = -1;
  for (let at = from; at < to; at++) {
    const quote = code[at] as string;
    if (!`'"\``.includes(quote)) continue;
    let text = '';
    let end = at + 1;
    for (; end < to && code[end] !== quote; end++) {
      if (quote === '`' && code.startsWith('${', end)) {
        let depth = 0;
        for (end += 2; depth > 0 || code[end] !== '}'; end++) {
          if (code[end] === '{') depth += 1;
          else if (code[end] === '}') depth -= 1;
        }
        text += '{}';
      } else if (source[end] === '\\') {
        text += source[end + 1];
        end += 1;
      } else text += source[end];
    }
    if (lastEnd >= 0 && /^\s*\+\s*$/.test(code.slice(lastEnd, at))) texts[texts.length - 1] += text;
    else texts.push(text);
    at = end;
    lastEnd = end + 1;
  }
  return texts;
}
