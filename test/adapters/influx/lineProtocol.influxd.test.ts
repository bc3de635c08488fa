import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeLine, lineKey, lineMeasurement, lineName } from '../../../engine/lineProtocol.ts';
import type { LineField } from '../../../engine/lineProtocol.ts';
import { checkParameters } from '../../checks/ports/checkParameters.ts';
import { requireService } from '../../services/requireService.ts';
import { influxd } from '../../services/startInfluxd.ts';
import type { Influxd } from '../../services/startInfluxd.ts';

describe('lineProtocol against a real InfluxDB', function () {
  this.timeout(300_000);
  let service: Influxd;
  before(requireService('influxd'));
  before(async () => {
    service = await influxd();
  });
  after(() => service?.stop());

  /** Characters that have a meaning somewhere on the way, and a few that have none. */
  const unit = fc.constantFrom(...'a1_.,;= "\'\\#\n\r\t/{}$&%ü', '\u{1F600}', '\0', '漢', '\ud800', '__proto__', 'time');
  const name = fc.oneof(fc.string({ unit, maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('time', '_field', '#', '\\', ' '));
  const value: fc.Arbitrary<LineField> = fc.oneof(
    fc.double(), fc.constantFrom(0, -0, 1e308, 5e-324, 1e21, NaN, Infinity), fc.boolean(), fc.constant(null), fc.string({ unit, maxLength: 20 }),
    fc.string({ unit: 'binary' }), fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
  );
  const point = fc.record({
    measurement: name, timeMs: fc.integer({ min: -1e12, max: 4e12 }), tags: fc.array(fc.tuple(name, name), { maxLength: 3 }),
    fields: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 }),
  });

  it('what goes in comes back equal, and nothing else does (property)', async () => {
    let database = 0;
    await fc.assert(fc.asyncProperty(fc.array(point, { minLength: 1, maxLength: 8 }), async (points) => {
      database += 1;
      const db = `round_${database}`;
      await service.query(`CREATE DATABASE ${db}`);
      const lines: string[] = [];
      const expected = new Map<string, unknown>();
      // One measurement and time per point, and types that cannot clash between points.
      points.forEach((one, index) => {
        const measurement = `${one.measurement === '' ? 'm' : one.measurement}${one.measurement.endsWith('\\') ? '' : index}`;
        const line = encodeLine({ ...one, measurement, fields: one.fields.map(([key, entry]) => [key, entry]) });
        if (line === undefined || expected.has(lineMeasurement(measurement))) return;
        lines.push(line);
        const keys = new Set<string>();
        const free = (key: string): string => {
          let unused = key;
          for (let count = 2; keys.has(unused); count += 1) unused = `${key}_${count}`;
          keys.add(unused);
          return unused;
        };
        const fields = new Map<string, unknown>();
        for (const [key, entry] of one.fields) {
          if (key === '' || entry === null || (typeof entry === 'number' && !Number.isFinite(entry))) continue;
          const text = typeof entry === 'string' ? entry.replace(/\p{Surrogate}/gu, '\uFFFD') : entry;
          fields.set(free(lineKey(key)), typeof text === 'bigint' ? Number(text) : text === 0 ? 0 : text);
        }
        keys.clear();
        const tags = new Map<string, string>();
        for (const [key, entry] of one.tags) if (key !== '' && lineName(entry) !== '') tags.set(free(lineKey(key)), lineName(entry));
        expected.set(lineMeasurement(measurement), { time: one.timeMs, fields: sorted(fields), tags: sorted(tags) });
      });
      if (lines.length === 0) return;
      const response = await fetch(`${service.url}/write?db=${db}&precision=ms`, { method: 'POST', body: lines.join('\n') });
      assert.equal(response.status, 204, `${await response.text()}\n${JSON.stringify(lines)}`);
      const found = new Map<string, unknown>();
      const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
      for (const measurement of (await service.query('SHOW MEASUREMENTS', db)).flatMap(({ values }) => values.map(([first]) => String(first)))) {
        const tagKeys = (await service.query(`SHOW TAG KEYS FROM ${quote(measurement)}`, db)).flatMap(({ values }) => values.map(([first]) => String(first)));
        const answers = await service.query(`SELECT * FROM ${quote(measurement)} GROUP BY *`, db);
        assert.equal(answers.length, 1, `series of ${measurement}`);
        const [series] = answers;
        assert.ok(series !== undefined && series.values.length === 1, 'one point');
        const row = series.values[0] ?? [];
        const fields = new Map(series.columns.flatMap((column, index) => (column === 'time' ? [] : [[column, row[index]] as const])));
        const tags = new Map(tagKeys.map((key) => [key, series.tags?.[key] ?? '']));
        found.set(measurement, { time: row[0], fields: sorted(fields), tags: sorted(tags) });
      }
      await service.query(`DROP DATABASE ${db}`);
      assert.deepEqual(sorted(found), sorted(expected), JSON.stringify(lines));
    }), checkParameters(Number(process.env['RUNS'] ?? 80)));
  });
});

function sorted<Value>(map: Map<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
