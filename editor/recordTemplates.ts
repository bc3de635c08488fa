interface RecordTemplate {
  each: string;
  id: string;
  mapping: readonly (readonly [role: string, place: string])[];
}

/** What each kind of record usually names, by the role, with the usual name of its field. */
const usual: Readonly<Record<string, readonly (readonly [role: string, field: string])[]>> = {
  produced: [['product', 'serial'], ['machine', 'machine'], ['lot', 'lot'], ['order', 'order'], ['from', 'start'], ['to', 'end']],
  consumed: [['machine', 'machine'], ['lot', 'lot'], ['from', 'start'], ['to', 'end']],
  job: [['order', 'order'], ['machine', 'machine'], ['from', 'start'], ['to', 'end']],
  shift: [['machine', 'machine'], ['operator', 'operator'], ['shift', 'shift'], ['from', 'start'], ['to', 'end']],
  maintenance: [['workOrder', 'order'], ['machine', 'machine'], ['operator', 'by'], ['text', 'text'], ['from', 'start'], ['to', 'end']],
  quality: [['product', 'serial'], ['result', 'test'], ['value', 'result'], ['from', 'time']],
  change: [['machine', 'machine'], ['recipe', 'recipe'], ['tool', 'tool'], ['from', 'time']],
  scrap: [['product', 'serial'], ['reason', 'reason'], ['from', 'time']],
};

/** A response of production in the shape of B2MML (ANSI/ISA-95.02): segments with what was used and made in each. */
const production: Readonly<Record<string, string>> = {
  product: 'MaterialActual.MaterialProduced[].MaterialLotID', batch: 'MaterialActual.MaterialProduced[].MaterialLotID', lot: 'MaterialActual.MaterialConsumed[].MaterialLotID',
  component: 'MaterialActual.MaterialConsumed[].MaterialSubLotID', machine: 'EquipmentActual[].EquipmentID', operator: 'PersonnelActual[].PersonID', order: 'ProcessSegmentID',
  workOrder: 'ID', from: 'ActualStartTime', to: 'ActualEndTime', text: 'Description', result: 'ID', value: 'ProductionData.Value', reason: 'ProductionData.Value', shift: 'ShiftID',
  recipe: 'ProductSegmentID', tool: 'EquipmentActual[1].EquipmentID',
};

/** The mapping of a ready shape for one kind of record; undefined where people write their own. */
export function recordTemplates(template: string, kind: string): RecordTemplate | undefined {
  const roles = usual[kind];
  if (roles === undefined) return undefined;
  switch (template) {
    case 'flat':
      return { each: '', id: 'id', mapping: roles };
    case 'csv':
      return { each: '', id: 'id', mapping: roles };
    case 'production':
      return { each: 'payload.ProductionResponse.SegmentResponse', id: 'ID', mapping: roles.map(([role]) => [role, production[role] ?? role] as const) };
    case 'bits':
      // One bit of a PLC that is on while it lasts; which thing it is stands in a register that comes along.
      return { each: '', id: '', mapping: [...roles.filter(([role]) => role !== 'from' && role !== 'to'), ['event', 'active']] };
    default:
      return undefined;
  }
}
