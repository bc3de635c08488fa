import type { QuietExpressionAnswer } from '../contract/quietExpression.ts';
import type { Compiled } from '../engine/expression/compile.ts';
import { Problem } from '../engine/problem.ts';
import type { AssetTwin } from '../engine/site/assetTwin.ts';
import { expressionNow, quietExpression, unknownNames } from '../engine/site/quietExpressions.ts';
import type { Language } from '../engine/site/sentences.ts';
import { problemIn } from './problemSentences.ts';
import type { Request, Response, Runtime } from './red.d.ts';
import { siteHandle } from './siteHandle.ts';

const mostExpressions = 100;
const mostMachines = 5;
const longestExpression = 500;

/** The route with which the dialog of twin-alert checks expressions and shows what they give now. */
export function quietPreviewRoute(RED: Runtime): void {
  RED.httpAdmin.post('/twinwire/alert/expressions', RED.auth.needsPermission('twin-alert.read'), (request: Request, response: Response) => {
    const { site, language, expressions } = (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Record<string, unknown>;
    const machines = typeof site === 'string' ? [...(siteHandle(RED.nodes.getNode(site))?.site?.assets() ?? [])] : [];
    const texts = Array.isArray(expressions) ? expressions.filter((text): text is string => typeof text === 'string').slice(0, mostExpressions) : [];
    response.json(texts.map((text) => answerOf(text.slice(0, longestExpression), machines, language === 'de' ? 'de' : 'en-US')));
  });
}

function answerOf(expression: string, machines: readonly AssetTwin[], language: Language): QuietExpressionAnswer {
  let compiled: Compiled;
  try {
    compiled = quietExpression(expression);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { expression, problem: problemIn(problem, language).message, live: [], more: 0 };
  }
  const able = machines.filter((asset) => unknownNames(asset, compiled).length === 0);
  const live = able.slice(0, mostMachines).map((asset) => {
    const value = expressionNow(asset, compiled);
    return { machine: asset.twin.name, value: value === undefined ? null : typeof value === 'bigint' ? String(value) : value };
  });
  return { expression, live, more: able.length - live.length };
}
