import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '../../engine/problem.ts';
import { causeOfRecord, type CauseOrder, type CauseResult } from '../../engine/process/causeRecord.ts';
import { qualityOfRecord, type QualityOrder } from '../../engine/process/lotRecord.ts';
import type { QualityAnswer } from '../../engine/process/qualityResponse.ts';
import { type LineRecord, recordedModel, type RecordedModel } from '../../engine/process/recordedModel.ts';
import { type ScenarioOrder, type ScenarioRuns, scenarioRuns } from '../../engine/process/scenarioRuns.ts';
import { replicate, type ReplicationOrder } from '../../engine/simulation/replications.ts';
import type { RunResult } from '../../engine/simulation/simulateLine.ts';
import { type PackedStation, unpackedStretches } from './packedStretches.ts';

/** What a thread can be asked, and what it answers. */
export interface LineTasks {
  replications: { order: ReplicationOrder; result: RunResult[] };
  scenario: { order: ScenarioOrder; result: ScenarioRuns };
  cause: { order: CauseOrder; result: CauseResult };
  model: { order: LineRecord; result: RecordedModel };
  quality: { order: QualityOrder; result: QualityAnswer };
}

export type LineTask = { [Kind in keyof LineTasks]: { kind: Kind; order: LineTasks[Kind]['order'] } }[keyof LineTasks];

/** A task as it crosses to the thread. */
export type PackedTask = Extract<LineTask, { kind: 'replications' | 'scenario' | 'quality' }> | { kind: 'cause'; order: Packed<CauseOrder> } | { kind: 'model'; order: Packed<LineRecord> };
type Packed<Order> = Omit<Order, 'stations'> & { stations: readonly PackedStation[] };

export type LineTaskAnswer = { result: LineTasks[keyof LineTasks]['result'] } | { problem: { code: string; found: string; remedy: string; values: Record<string, string | number> } };

const marked = workerData as { twinwireLines?: boolean } | null;
if (parentPort !== null && marked?.twinwireLines === true) {
  const port = parentPort;
  port.on('message', (task: PackedTask) => port.postMessage(lineTaskAnswer(unpacked(task))));
}

function unpacked(task: PackedTask): LineTask {
  const whole = <Order>(order: Packed<Order>): Omit<Order, 'stations'> & Pick<LineRecord, 'stations'> =>
    ({ ...order, stations: order.stations.map((station) => ({ ...station, stretches: unpackedStretches(station.stretches) })) });
  if (task.kind === 'cause') return { kind: task.kind, order: whole<CauseOrder>(task.order) };
  return task.kind === 'model' ? { kind: task.kind, order: whole<LineRecord>(task.order) } : task;
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
