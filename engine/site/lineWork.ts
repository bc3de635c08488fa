import type { CauseOrder, CauseResult } from '../process/causeRecord.ts';
import type { QualityOrder } from '../process/lotRecord.ts';
import type { QualityAnswer } from '../process/qualityResponse.ts';
import type { LineRecord, RecordedModel } from '../process/recordedModel.ts';
import type { ScenarioOrder, ScenarioRuns } from '../process/scenarioRuns.ts';

/** Who reckons for lines beside the flow, so that messages go on meanwhile. What is handed over may be taken away from the caller (columns). */
export interface LineWork {
  cause(order: CauseOrder): Promise<CauseResult>;
  /** @throws Problem as recordedModel does */
  model(record: LineRecord): Promise<RecordedModel>;
  /** Runs in their order. @throws Problem TWIN_WHAT_IF_CHANGE, TWIN_LINE_MODEL */
  scenario(order: ScenarioOrder): Promise<ScenarioRuns>;
  quality(order: QualityOrder): Promise<QualityAnswer>;
}
