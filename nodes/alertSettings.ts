import { Problem } from '../engine/problem.ts';
import type { AlertSettings } from '../engine/site/alert.ts';
import type { AlarmRule } from '../engine/site/alarmRules.ts';
import type { NotifierSettings } from '../engine/alarms/notifier.ts';
import type { Severity } from '../engine/alarms/caseBook.ts';
import type { Compiled } from '../engine/expression/compile.ts';
import { quietExpression } from '../engine/site/quietExpressions.ts';
import { numberFromSetting } from '../engine/twin/numberText.ts';

/** A rule as the dialog saves it. */
export interface RuleRow {
  property: string;
  condition: string;
  limit: string;
  onDelay: string;
  name: string;
  types: string;
  deadband: string;
  offDelay: string;
  setpoint: string;
  priority: string;
  letter: string;
  latching: boolean;
  acknowledge: boolean;
  confirm: boolean;
  root: boolean;
  unless: string;
}

const severities: Readonly<Record<string, Severity>> = { F: 'failure', C: 'check', S: 'specification', M: 'maintenance' };

/** The rules of a twin-alert; a row that is wrong is told and left out. */
export function alarmRulesOf(rows: readonly RuleRow[], title: string): { rules: AlarmRule[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const rules = rows.flatMap((row, index): AlarmRule[] => {
    const property = row.property.trim();
    if (property === '') return [];
    const number = (text: string, otherwise: number, lowest = -Infinity): number => {
      const read = numberFromSetting(text);
      if (read === null) return otherwise;
      return read === undefined || read < lowest ? NaN : read;
    };
    const limit = number(row.limit, row.condition === 'true' ? 0 : NaN);
    const deadband = number(row.deadband, 0, 0);
    const onDelay = number(row.onDelay, 0, 0);
    const offDelay = number(row.offDelay, 0, 0);
    if ([limit, deadband, onDelay, offDelay].some(Number.isNaN) || (row.condition === 'deviation' && row.setpoint.trim() === '')) {
      problems.push(
        new Problem(
          'TWIN_ALERT_RULE',
          `Rule ${index + 1} of "${title}" for ${property} is not complete: limit, deadband or delay is no number, or the setpoint is missing.`,
          'Open the node and correct it; until then the rule is left out.',
          { node: title, rule: index + 1, property },
        ),
      );
      return [];
    }
    let unless: Compiled | undefined;
    try {
      if (row.unless !== '') unless = quietExpression(row.unless);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      problems.push(new Problem('TWIN_ALERT_UNLESS', `Rule ${index + 1} of "${title}" is never suppressed: ${problem.found}`, problem.remedy, { node: title, rule: index + 1, property }));
    }
    return [{
      name: row.name.trim(),
      types: row.types.split(',').map((name) => name.trim()).filter((name) => name !== ''),
      property,
      kind: row.condition as AlarmRule['kind'],
      limit,
      deadband,
      setpoint: row.setpoint.trim(),
      onDelayMs: onDelay * 1000,
      offDelayMs: offDelay * 1000,
      severity: severities[row.letter] ?? 'specification',
      priority: row.priority as AlarmRule['priority'],
      latching: row.latching,
      acknowledge: row.acknowledge,
      confirm: row.confirm,
      root: row.root,
      ...(unless !== undefined && { unless }),
    }];
  });
  return { rules, problems };
}

/** The expression in which nothing of a machine is an alarm; one that is wrong is told and left out. */
export function quietWhileOf(text: string, title: string): { quietWhile?: Compiled; problem?: Problem } {
  if (text === '') return {};
  try {
    return { quietWhile: quietExpression(text) };
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { problem: new Problem('TWIN_ALERT_UNLESS', `The expression in which nothing is an alarm, of "${title}", is left out: ${problem.found}`, problem.remedy, { node: title }) };
  }
}

interface AlertConfig {
  onAnomaly: boolean;
  onLimit: boolean;
  onStale: boolean;
  clearAfter: number;
  repeatAfter: number;
  realarmAfter: number;
  acknowledge: boolean;
  groupWait: number;
  changeEvery: number;
  quietModes: string;
  quietWhenOff: boolean;
  settle: number;
  quietFrom: string;
  quietTo: string;
  urgentAlways: boolean;
  capPerDay: number;
  gatherFloods: boolean;
}

export function alertSettingsOf(config: AlertConfig, teller: string): AlertSettings {
  return {
    onAnomaly: config.onAnomaly,
    onLimit: config.onLimit,
    onStale: config.onStale,
    clearAfterMs: config.clearAfter * 1000,
    repeatAfterMs: config.repeatAfter * 3_600_000,
    realarmAfterMs: config.realarmAfter * 3_600_000,
    acknowledge: config.acknowledge,
    holdMs: config.groupWait * 1000,
    quietModes: config.quietModes.split(',').map((mode) => mode.trim().toLowerCase()).filter((mode) => mode !== ''),
    quietWhenOff: config.quietWhenOff,
    settleMs: config.settle * 1000,
    teller,
  };
}

/** Quiet hours that cannot be read are none, and that is told. */
export function notifierSettingsOf(config: AlertConfig, title: string): { settings: NotifierSettings; problem?: Problem } {
  const from = minuteOf(config.quietFrom);
  const to = minuteOf(config.quietTo);
  const none = config.quietFrom === '' && config.quietTo === '';
  const readable = from !== undefined && to !== undefined;
  const settings: NotifierSettings = {
    groupWaitMs: config.groupWait * 1000,
    changeEveryMs: config.changeEvery * 60_000,
    quietFromMinute: readable ? from : 0,
    quietToMinute: readable ? to : 0,
    urgentAlways: config.urgentAlways,
    capPerDay: config.capPerDay,
    gatherFloods: config.gatherFloods,
  };
  if (none || readable) return { settings };
  const found = `The quiet hours of "${title}" cannot be read: "${config.quietFrom}" to "${config.quietTo}".`;
  return { settings, problem: new Problem('TWIN_ALERT_QUIET', found, 'Write both as hours and minutes, such as 22:00 and 06:00; until then there are none.', { node: title }) };
}

function minuteOf(text: string): number | undefined {
  const found = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * 60 + Number(found[2]);
}
