import { createBaseline } from '../engine/baselines/index.ts';
import { createJudge } from '../engine/detectors/judge.ts';
import { detectors } from '../engine/detectors/index.ts';
import { newExpectation } from '../engine/signalRow.ts';
import { preparedRows } from './detectionSpeed.ts';
const width = 8; const N = 60000;
const rows = preparedRows(width, N + 30000, Number(process.argv[2] ?? 200));
const columns = Array.from({ length: width }, (_, i) => ({ name: `p${i}`, kind: i === 0 ? 'setpoint' as const : 'measured' as const }));
const baseline = createBaseline(columns, {}); const judge: any = createJudge(columns, {});
const exps = Array.from({ length: N }, () => newExpectation(width));
const row = { timeMs: 1_700_000_000_000, mode: '', values: rows[0]!, fresh: new Uint8Array(width).fill(1) };
const e = newExpectation(width);
for (let i = 0; i < 30000; i++) { row.timeMs += 1000; row.values = rows[i]!; baseline.expect(row, e); const v = judge.judge(row, e); judge.learn(row, e, v); baseline.learn(row); }
const cpu = () => { const u = process.cpuUsage(); return u.user + u.system; };
let tE = 0, tL = 0; const t0 = row.timeMs;
// baseline both
let a = cpu();
for (let i = 0; i < N; i++) { row.timeMs += 1000; row.values = rows[30000 + i]!; baseline.expect(row, exps[i]!); baseline.learn(row); }
console.log('baseline expect+learn', (cpu() - a) / N);
a = cpu(); for (let i = 0; i < N; i++) { row.timeMs += 1000; row.values = rows[30000 + i]!; baseline.expect(row, e); } console.log('expect alone (no learn)', (cpu() - a) / N);
row.timeMs = t0; a = cpu(); let near = 0, anyPass = 0, susp = 0, moving = 0, outside = 0, suspCol = 0, byc = 0; const stat = process.argv[3] === 'stat';
const by = new Float64Array(7);
for (let i = 0; i < N; i++) { row.timeMs += 1000; row.values = rows[30000 + i]!; const v = judge.judge(row, exps[i]!); 
 if (stat) { if (judge.marked) near++; if (judge.passing) anyPass++; if (judge.outside) outside++; if (judge.jointRow.moving) moving++; if (!judge.byChart.isCalm) byc++; let s = 0; for (let c = 0; c < 8; c++) if (judge.suspicious[c]) s++; if (s) susp++; suspCol += s;
  judge.charts.forEach((ch: any, k: number) => { for (let c = 0; c < 8; c++) if (ch.scores[c] >= ch.near[c] * judge.early[c]) { by[k]!++; break; } }); }
 judge.learn(row, exps[i]!, v); }
console.log('judge+learn', (cpu() - a) / N);
if (stat) console.log({ near, anyPass, byc, susp, suspCol, outside, moving, N, by });
const input = { values: rows[0]!, usable: new Uint8Array(width).fill(1), expected: new Float64Array(width), coarse: new Float64Array(width) };
const trains = new Uint8Array(width).fill(1); const into = new Float64Array(width);
for (const entry of detectors) { const d = entry.create({ columns: width });
 for (let k = 0; k < 2; k++) { a = cpu(); let ts = 0; for (let i = 0; i < N; i++) { input.values = rows[30000 + i]!; input.expected = exps[i]!.expected; d.score(input, into); d.learn(input, trains); } 
 if (k) console.log(entry.name, 'score+learn', (cpu() - a) / N); } }
{ const t = judge.together; const jr = { timeMs: t.timeMs, residuals: new Float64Array(8), news: 8, moving: false };
 a = cpu(); for (let i = 0; i < N; i++) { jr.timeMs += 1000; const v = rows[30000 + i]!; const x = exps[i]!.expected; jr.residuals[0] = NaN; for (let c = 1; c < 8; c++) jr.residuals[c] = v[c]! - x[c]!; t.look(jr); t.learn(jr, true, true); } console.log('together', (cpu() - a) / N); }
