import assert from 'node:assert/strict';
import { createInfluxReader } from '../../../adapters/influx/influxReader.ts';
import type { InfluxReader } from '../../../adapters/influx/influxReader.ts';
import { MemoryHistorian } from '../../../adapters/memory/memoryStore.ts';
import { SeededRandom } from '../../../demo/seededRandom.ts';
import { aggregateNames, usualAggregateOptions } from '../../../engine/history/aggregates.ts';
import { readHistory } from '../../../engine/history/readHistory.ts';
import type { HistoryQuestion } from '../../../engine/history/readHistory.ts';
import { encodeLine } from '../../../engine/lineProtocol.ts';
import type { HistoryPoint } from '../../../engine/ports.ts';
import { requireService } from '../../services/requireService.ts';
import { influxd } from '../../services/startInfluxd.ts';
import type { Influxd } from '../../services/startInfluxd.ts';

describe('InfluxDB answers as the embedded history does', function () {
  this.timeout(60_000);
  let service: Influxd;
  const readers: InfluxReader[] = [];
  before(requireService('influxd'));
  before(async () => {
    service = await influxd();
    await service.query('CREATE DATABASE "plant"');
  });
  after(async () => {
    for (const reader of readers) await reader.close();
    await service?.stop();
  });

  const beginMs = Date.parse('2026-05-04T06:00:00Z');
  // Names that would end a quoted identifier, or a text, if they were not escaped.
  const twin = "press 'A' \\ \"1\"; DROP DATABASE plant";
  const properties = ['current "A"', 'state', 'never'];
  const embedded = new MemoryHistorian();

  it('to every question, values and all aggregates, by both ways of logging in', async () => {
    const random = new SeededRandom(5);
    const points: HistoryPoint[] = [];
    for (let index = 0; index < 3000; index++) {
      const timeMs = beginMs + index * 1000 + Math.floor(random.uniform() * 900);
      const draw = random.uniform();
      const quality = draw < 0.05 ? 'bad' : draw < 0.1 ? 'uncertain' : 'good';
      points.push({ twin, property: 'current "A"', timeMs, value: quality === 'bad' && draw < 0.03 ? null : 4 + random.normal(), quality });
      if (index % 50 === 0) points.push({ twin, property: 'state', timeMs, value: index % 100 === 0 ? 'running' : 'off', quality: 'good' });
    }
    await embedded.write(points);
    // As twin-history writes it: a row each, what is not good beside the value.
    const lines = points.map(({ property, timeMs, value, quality }) => encodeLine({
      measurement: 'press "x"', tags: [['twin', twin], ['state', Math.floor(timeMs / 60_000) % 2 === 0 ? 'a' : 'b']], timeMs,
      fields: [[property, value], ...(quality === 'good' ? [] : [[`${property}.quality`, quality] as [string, string]])],
    }));
    const written = await fetch(`${service.url}/write?db=plant&precision=ms`, { method: 'POST', body: lines.join('\n') });
    assert.equal(written.status, 204, await written.text());

    const question: HistoryQuestion = {
      what: 'aggregates', twins: [{ key: twin, properties }], fromMs: beginMs + 60_000, toMs: beginMs + 2_400_000, everyMs: 300_000,
      aggregate: 'timeAverage2', options: usualAggregateOptions, mostValues: 100_000,
    };
    const one = createInfluxReader({ url: service.url, version: '1', database: 'plant' });
    const two = createInfluxReader({ url: service.url, version: '2', bucket: 'plant', token: 'any', organisation: 'o' });
    readers.push(one, two);
    let compared = 0;
    for (const { reader } of [one, two]) {
      const database = reader(() => 'press "x"');
      const questions: HistoryQuestion[] = [
        { ...question, what: 'values' }, { ...question, what: 'moment' },
        ...aggregateNames.flatMap((aggregate): HistoryQuestion[] => [
          { ...question, aggregate },
          { ...question, aggregate, options: { ...usualAggregateOptions, stepped: false, uncertainIsBad: false } },
        ]),
      ];
      for (const each of questions) {
        const [here, there] = [await readHistory(embedded, each), await readHistory(database, each)];
        assert.equal(there.cutAtMs, here.cutAtMs);
        assert.deepEqual(there.series.map(({ property }) => property), here.series.map(({ property }) => property));
        here.series.forEach(({ points: wanted }, index) => {
          const found = there.series[index]?.points ?? [];
          assert.equal(found.length, wanted.length);
          wanted.forEach((point, place) => {
            const other = found[place];
            const close = point.value === other?.value
              || (typeof point.value === 'number' && typeof other?.value === 'number' && Math.abs(point.value - other.value) <= 1e-9 * Math.max(1, Math.abs(point.value)));
            assert.ok(close && point.timeMs === other?.timeMs && point.quality === other?.quality, `${each.aggregate}: ${JSON.stringify([point, other])}`);
            compared++;
          });
        });
      }
    }
    assert.ok(compared > 5000, String(compared));
    assert.deepEqual((await service.query('SHOW DATABASES')).flatMap(({ values }) => values.flat()).includes('plant'), true);
  });

  it('says what is wrong: no such database, nothing there', async () => {
    const missing = createInfluxReader({ url: service.url, version: '1', database: 'elsewhere' });
    const gone = createInfluxReader({ url: 'http://127.0.0.1:1', version: '1', database: 'plant' });
    readers.push(missing, gone);
    await assert.rejects(missing.reader(() => 'm').columns('a', 'b', 0, 1), { code: 'TWIN_INFLUX_DATABASE' });
    await assert.rejects(gone.reader(() => 'm').columns('a', 'b', 0, 1), { code: 'TWIN_INFLUX_UNREACHABLE' });
  });
});
