import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import { causeOfRecord, type CauseOrder, type CauseResult } from '../../engine/process/causeRecord.ts';
import { qualityOfRecord, type QualityOrder } from '../../engine/process/lotRecord.ts';
import type { QualityAnswer } from '../../engine/process/qualityResponse.ts';
import { type LineRecord, recordedModel, type RecordedModel } from '../../engine/process/recordedModel.ts';
import { type ScenarioOrder, type ScenarioRuns, scenarioRuns } from '../../engine/process/scenarioRuns.ts';
import { replicate, type ReplicationOrder } from '../../engine/simulation/replications.ts';
import type { RunResult } from '../../engine/simulation/simulateLine.ts';

/** What a thread can be asked, and what it answers. */
export interface LineTasks {
  replications: { order: ReplicationOrder; result: RunResult[] };
  scenario: { order: ScenarioOrder; result: ScenarioRuns };
  cause: { order: CauseOrder; result: CauseResult };
  model: { order: LineRecord; result: RecordedModel };
  quality: { order: QualityOrder; result: QualityAnswer };
}

export type LineTask = { [Kind in keyof LineTasks]: { kind: Kind; order: LineTasks[Kind]['order'] } }[keyof LineTasks];

export type LineTaskAnswer = { result: LineTasks[keyof LineTasks]['result'] } | { problem: { code: string; found: string; remedy: string; values: Record<string, string | number> } };

const marked = workerData as { twinwireLines?: boolean } | null;
if (parentPort !== null && marked?.twinwireLines === true) {
  const port = parentPort;
  port.on('message', (task: LineTask) => port.postMessage(lineTaskAnswer(task)));
}

export function lineTaskAnswer(task: LineTask): LineTaskAnswer {
  try {
    switch (task.kind) {
      case 'replications':
        return { result: replicate(task.order) };
      case 'scenario':
        return { result: scenarioRuns(task.order) };
      case 'cause':
        return { result: causeOfRecord(task.order) };
      case 'model':
        return { result: recordedModel(task.order) };
      case 'quality':
        return { result: qualityOfRecord(task.order) };
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, found, remedy, values } = error;
    return { problem: { code, found, remedy, values: { ...values } } };
  }
}
