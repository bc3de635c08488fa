import type { CaseChange } from '../alarms/caseBook.ts';
import { compile } from '../expression/compile.ts';
import type { Compiled } from '../expression/compile.ts';
import type { ExpressionValue } from '../expression/expressionValue.ts';
import { conditionOf } from '../expression/expressionValue.ts';
import { Problem } from '../problem.ts';
import type { AssetTwin } from './assetTwin.ts';
import type { Site } from './site.ts';

/** Suppression by design (ANSI/ISA-18.2-2016, 11.7): while the expression holds, one alarm of a machine, or all of them, are none. */
export interface QuietExpression {
  compiled: Compiled;
  /** Name of the alarm; absent: all of the machine. */
  only?: string;
}

/**
 * An expression over a machine's properties, and `state` for its operating mode where no property is called so.
 * @throws Problem TWIN_EXPRESSION_…; TWIN_EXPRESSION_MEMORY where it remembers earlier values, which no restart would survive
 */
export function quietExpression(text: string): Compiled {
  const compiled = compile(text);
  if (!compiled.stateful) return compiled;
  throw new Problem('TWIN_EXPRESSION_MEMORY', 'An expression that remembers earlier values cannot suppress an alarm.', 'Make it a derived property of the type, and name that here.', { text });
}

/** What the expression gives now; undefined where a value it needs is missing, old or not good. */
export function expressionNow(asset: AssetTwin, compiled: Compiled): ExpressionValue | undefined {
  const values = new Map<string, ExpressionValue>([['state', asset.twin.state]]);
  for (const { name, value, quality, stale } of asset.twin.properties()) {
    values.delete(name);
    if (value !== null && value !== undefined && quality === 'good' && !stale) values.set(name, value);
  }
  return compiled.evaluate((name) => values.get(name));
}

/** Names in it that the machine has not. */
export function unknownNames(asset: AssetTwin, compiled: Compiled): string[] {
  const known = new Set(['state', ...asset.twin.type.properties.map(({ name }) => name)]);
  return compiled.names.filter((name) => !known.has(name));
}

/** Holds a machine's suppressions to what its expressions say now. What cannot be told hides nothing. Gives what is to be told of the case. */
export function suppressByExpressions(site: Site, asset: AssetTwin, expressions: readonly QuietExpression[], teller: string, timeMs: number, settleMs: number): CaseChange[] {
  const changes: CaseChange[] = [];
  if (asset.replay !== undefined) return changes;
  for (const { compiled, only } of expressions) {
    const quiet = conditionOf(expressionNow(asset, compiled)) === true;
    changes.push(...site.alarms.design(asset, { cause: causeOf(teller, only), why: compiled.text.trim(), ...(only !== undefined && { only }) }, quiet, timeMs, settleMs));
  }
  return changes;
}

/** Ends suppressions by expressions that are there no more. @param isGone whether a node that suppressed is no longer in the flow */
export function endForgotten(site: Site, asset: AssetTwin, expressions: readonly QuietExpression[], teller: string, isGone: (teller: string) => boolean): CaseChange[] {
  const present = new Set(expressions.map(({ only }) => causeOf(teller, only)));
  return site.alarms.designs(asset.key).flatMap((cause) => {
    const by = cause.split('/')[1] ?? '';
    return (by === teller ? present.has(cause) : !isGone(by)) ? [] : site.alarms.suppressByDesign(asset, { cause, why: '' }, false);
  });
}

function causeOf(teller: string, only = ''): string {
  return `design/${teller}/${only}`;
}
