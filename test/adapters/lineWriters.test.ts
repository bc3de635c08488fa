import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { FileLines } from '../../adapters/file/fileLines.ts';
import type { FileFormat } from '../../adapters/file/fileLines.ts';
import { createInfluxWriter } from '../../adapters/influx/influxWriter.ts';
import { MemoryLines } from '../../adapters/memory/memoryLines.ts';
import { openSiteStore } from '../../adapters/sqlite/siteStore.ts';
import { withoutGuard } from '../../contract/machineTable.ts';
import { decodeLine, splitLines } from '../../engine/lineProtocol.ts';
import type { DecodedPoint } from '../../engine/lineProtocol.ts';
import type { HistoryPoint, LineWriter } from '../../engine/ports.ts';
import { checkLineWriter, lineWriterChecks, wholeText } from '../checks/ports/lineWriter.ts';
import type { LineTargetKind, StoredText } from '../checks/ports/lineWriter.ts';
import { influxContract } from '../services/influxContract.ts';
import type { InfluxContract } from '../services/influxContract.ts';
import { requireService } from '../services/requireService.ts';
import { skip } from '../skip.ts';
import { temporaryFolder } from '../services/serviceProcess.ts';
import { influxd } from '../services/startInfluxd.ts';
import type { Influxd, InfluxdSeries } from '../services/startInfluxd.ts';
import { victoriaMetrics } from '../services/startVictoriaMetrics.ts';

function textsOf(points: readonly DecodedPoint[], storedText: StoredText = wholeText): string[] {
  return [...new Set(points.flatMap((point) => [...point.fields].map(([field, value]) => storedText({ ...point, tags: [...point.tags] }, field, value) ?? [])).flat())];
}

const memoryKind = (make: () => MemoryLines): LineTargetKind => ({
  storedText: wholeText, refusesBadLines: true,
  async open() {
    const writer = make();
    return { writer, stored: async () => textsOf(writer.points), close: () => writer.close() };
  },
});

checkLineWriter('memory', memoryKind(() => new MemoryLines()));

describe('the checks of a LineWriter', () => {
  /** Writers with one fault each, and the check that must catch it. */
  const faults: [fault: string, caughtBy: string, make: () => MemoryLines][] = [
    ['takes milliseconds for seconds', 'with its time in milliseconds', () => new (class extends MemoryLines {
      override write(lines: readonly string[]) {
        return super.write(lines.map((one) => one.replace(/\d+$/, (time) => String(Number(time) * 1000))));
      }
    })()],
    ['forgets the escapes of names', 'any name and any value', () => new (class extends MemoryLines {
      override write(lines: readonly string[]) {
        return super.write(lines.map((one) => one.replaceAll('\\ ', '_')));
      }
    })()],
    ['drops the batch of a bad line', 'one bad line of a thousand', () => new (class extends MemoryLines {
      override async write(lines: readonly string[]) {
        const bad = lines.flatMap((one, index) => (decodeLine(one) === undefined ? [{ index, line: one, reason: 'bad line' }] : []));
        return bad.length > 0 ? { stored: lines.length - bad.length, rejected: bad } : super.write(lines);
      }
    })()],
    ['says nothing of bad lines', 'nothing but bad lines', () => new (class extends MemoryLines {
      override async write(lines: readonly string[]) {
        await super.write(lines);
        return { stored: lines.length, rejected: [] };
      }
    })()],
    ['writes something to test', 'stores nothing by that', () => new (class extends MemoryLines {
      override async test() {
        await this.write(['test value=1 1']);
        return super.test();
      }
    })()],
  ];
  for (const [fault, caughtBy, make] of faults) {
    it(`catch one that ${fault}`, async () => {
      const kind = memoryKind(make);
      const failed: string[] = [];
      for (const [title, check] of Object.entries(lineWriterChecks)) {
        const target = await kind.open();
        await check(kind, target).catch(() => failed.push(title));
      }
      assert.ok(failed.some((title) => title.includes(caughtBy)), `not caught; failed: ${failed.join(' | ') || 'nothing'}`);
      assert.ok(failed.length < Object.keys(lineWriterChecks).length, 'and is content otherwise');
    });
  }
});

describe('the embedded historian takes lines', () => {
  /** As a target: measurement and tags are the twin. */
  const twinOf = ({ measurement, tags }: DecodedPoint): string => JSON.stringify([measurement, tags.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  checkLineWriter('embedded historian', {
    refusesBadLines: true, numRuns: 12,
    storedText: (point, field, value) => JSON.stringify([twinOf(point), field, point.timeMs, typeof value === 'bigint' ? Number(value) : value === 0 ? 0 : value]),
    async open() {
      const folder = temporaryFolder('historian-lines');
      const store = openSiteStore(folder);
      const seen = new Map<string, Set<string>>();
      const writer: LineWriter = {
        async write(lines) {
          const points: HistoryPoint[] = [];
          const rejected: { index: number; line: string; reason: string }[] = [];
          for (const [index, line] of lines.entries()) {
            const point = decodeLine(line);
            if (point === undefined) rejected.push({ index, line, reason: 'This is no line of data.' });
            else {
              const twin = twinOf(point);
              for (const [property, value] of point.fields) {
                points.push({ twin, property, timeMs: point.timeMs, value: typeof value === 'bigint' ? Number(value) : value, quality: 'good' });
                seen.set(twin, (seen.get(twin) ?? new Set()).add(property));
              }
            }
          }
          await store.historian.write(points);
          return { stored: lines.length - rejected.length, rejected };
        },
        test: async () => ({ ok: true, version: 'embedded' }),
        close: async () => {},
      };
      return {
        writer,
        async stored() {
          const texts: string[] = [];
          for (const [twin, properties] of seen) {
            for (const property of properties) {
              for (const { timeMs, value } of await store.historian.range(twin, property, 0, 1e14)) texts.push(JSON.stringify([twin, property, timeMs, value === 0 ? 0 : value]));
            }
          }
          return texts;
        },
        async close() {
          await store.close();
          rmSync(folder, { recursive: true });
        },
      };
    },
  });
});

describe('InfluxDB 1.6 through the package influx', () => {
  let service: Influxd;
  let count = 0;
  before(requireService('influxd'));
  before(async () => (service = await influxd()));
  after(() => service?.stop());

  checkLineWriter('InfluxDB 1.6', {
    storedText: wholeText, refusesBadLines: true, numRuns: 12,
    async open() {
      count += 1;
      const database = `suite_${count}`;
      await service.query(`CREATE DATABASE ${database}`);
      const writer = createInfluxWriter({ url: service.url, version: '1', database });
      return {
        writer,
        async stored() {
          const texts: string[] = [];
          // Every series of every measurement with its tags; names as the database gives them. Measurement by measurement: asked for all at
          // once, a field that is a number in one of them loses its texts in the others.
          const [names] = await service.query('SHOW MEASUREMENTS', database);
          const series: InfluxdSeries[] = [];
          for (const [name] of names?.values ?? []) {
            const quoted = String(name).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
            series.push(...(await service.query(`SELECT * FROM "${quoted}" GROUP BY *`, database)));
          }
          for (const { name, tags = {}, columns, values } of series) {
            const pairs = Object.entries(tags).filter(([, value]) => value !== '');
            for (const row of values) {
              columns.forEach((field, index) => {
                const value = row[index];
                if (index === 0 || value === null || value === undefined) return;
                texts.push(wholeText({ measurement: name, tags: pairs, fields: [], timeMs: Number(row[0]) }, field, value) as string);
              });
            }
          }
          return texts;
        },
        leave: () => service.process.halt('SIGKILL'),
        comeBack: () => service.process.start(),
        close: async () => {
          await writer.close();
          await service.query(`DROP DATABASE ${database}`);
        },
      };
    },
  });
});

for (const version of ['2.7', '3 Core'] as const) {
  let contract: InfluxContract;
  checkLineWriter(`InfluxDB ${version} by its documentation`, {
    storedText: wholeText, refusesBadLines: true, requests: () => contract.requests,
    async open() {
      contract = await influxContract(version);
      const writer = createInfluxWriter({ url: contract.url, version: '2', bucket: contract.bucket, token: contract.token, organisation: 'plant & co' });
      return {
        writer,
        stored: async () => textsOf(contract.points() as DecodedPoint[]),
        async leave() {
          contract.insteadOf = { status: 503, body: '{"code":"unavailable","message":"not now"}', headers: { 'retry-after': '1' } };
        },
        async comeBack() {
          contract.insteadOf = undefined;
        },
        async close() {
          await writer.close();
          await contract.stop();
        },
      };
    },
  });
}

describe('VictoriaMetrics, which takes the same lines', () => {
  before(requireService('victoria-metrics'));
  // It keeps numbers alone (true is 1), as measurement_field and with some ten digits, and takes a bad line for the number 0; it gets ' for " in names.
  const named = (text: string): string => text.replaceAll('"', "'");
  const textOf = (name: string, tags: [string, string][], timeMs: number, value: number): string => {
    const pairs = tags.map(([tag, each]) => [named(tag), named(each)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([named(name), pairs, timeMs, (Math.abs(value) < 1e-200 ? 0 : value).toPrecision(9)]);
  };

  checkLineWriter('VictoriaMetrics', {
    refusesBadLines: false, numRuns: 12,
    storedText: ({ measurement, tags, timeMs }, field, value) =>
      (typeof value === 'string' ? undefined : textOf(`${measurement}_${field}`, [...tags], timeMs, Number(value))),
    async open() {
      const service = await victoriaMetrics();
      const writer = createInfluxWriter({ url: service.url, version: '2', bucket: 'plant', token: 'any' });
      return {
        writer,
        stored: async () => [...new Set((await service.values()).map(({ name, tags, timeMs, value }) =>
          textOf(name, Object.entries(tags).filter(([tag]) => tag !== 'db'), timeMs, value)))],
        leave: () => service.process.halt(),
        comeBack: () => service.process.start(),
        async close() {
          await writer.close();
          await service.stop();
        },
      };
    },
  });
});

for (const format of ['lines', 'csv', 'csvSemicolon'] as const satisfies readonly FileFormat[]) {
  const storedText: StoredText = format === 'lines' ? wholeText : ({ measurement, tags, timeMs }, field, value) => {
    const names = tags.map(([name, tag]) => `${name.replaceAll(/[,=\\]/g, '\\$&')}=${tag.replaceAll(/[,=\\]/g, '\\$&')}`).join(',');
    return JSON.stringify([new Date(timeMs).toISOString(), measurement, names, field, format === 'csvSemicolon' && typeof value === 'number' ? String(value).replace('.', ',') : String(value)]);
  };
  checkLineWriter(`file (${format})`, {
    storedText, refusesBadLines: true,
    async open() {
      const folder = join(temporaryFolder('file-lines'), 'history');
      const writer = new FileLines({ folder, name: '../../Press 1', format, rotateBytes: 20_000 });
      return {
        writer,
        async stored() {
          const texts: string[] = [];
          for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
            assert.match(name, /^_+Press_1-\d{8}\.(lp|csv)$/);
            const text = readFileSync(join(folder, name), 'utf8');
            if (format === 'lines') {
              const lines = splitLines(text);
              assert.equal(lines.pop(), '');
              texts.push(...textsOf(lines.map((line) => decodeLine(line) as DecodedPoint)));
            } else {
              const rows = parse(text, { bom: true, delimiter: format === 'csv' ? ',' : ';' }) as string[][];
              assert.deepEqual(rows[0], ['time', 'measurement', 'tags', 'property', 'value', 'quality']);
              texts.push(...rows.slice(1).map((row) => JSON.stringify(row.slice(0, 5).map((cell, column) => (column === 0 || (column === 4 && /^-\d/.test(cell)) ? cell : withoutGuard(cell))))));
            }
          }
          return [...new Set(texts)];
        },
        async leave() {
          // Where the folder was now is a file.
          await writer.close();
          renameSync(folder, `${folder}.away`);
          writeFileSync(folder, '');
        },
        async comeBack() {
          rmSync(folder);
          renameSync(`${folder}.away`, folder);
        },
        async close() {
          await writer.close();
          rmSync(join(folder, '..'), { recursive: true });
        },
      };
    },
  });
}

describe('files of history', () => {
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('file-history')));
  afterEach(() => rmSync(folder, { recursive: true }));
  const line = (n: number): string => `m value=${n},text="a\nb \\"\\\\ c" ${1000 + n}`;
  const files = (): string[] => readdirSync(folder).sort();

  it('a new one begins at a size; beyond all of them the oldest go, each told', async () => {
    const removed: string[] = [];
    const writer = new FileLines({ folder, name: 'h', format: 'lines', rotateBytes: 1000, keepBytes: 4000, onRemoved: (file) => removed.push(file) });
    for (let n = 0; n < 400; n += 1) await writer.write([line(n)]);
    await writer.close();
    assert.ok(files().length <= 4 && files().length >= 3, files().join());
    assert.ok(removed.length > 3);
    assert.deepEqual(removed, removed.toSorted());
    assert.ok(files()[0] as string > (removed.at(-1) as string));
    assert.ok(files().every((name) => readFileSync(join(folder, name)).length <= 1000));
  });

  for (const format of ['lines', 'csv'] as const) {
    it(`cut at any byte (${format}): the rows that are whole stay, what is half goes, and it goes on behind them`, async () => {
      const first = new FileLines({ folder, name: 'h', format });
      await first.write([line(0), line(1), line(2)]);
      await first.close();
      const [name] = files() as [string];
      const whole = readFileSync(join(folder, name));
      for (let cut = 1; cut <= whole.length; cut += 1) {
        writeFileSync(join(folder, name), whole.subarray(0, cut));
        const again = new FileLines({ folder, name: 'h', format });
        await again.write([line(9)]);
        await again.close();
        const text = files().map((one) => readFileSync(join(folder, one), 'utf8')).join('');
        const found = format === 'lines'
          ? splitLines(text).slice(0, -1).map((one) => (decodeLine(one) as DecodedPoint).timeMs - 1000)
          : (parse(text, { bom: true }) as string[][]).slice(1).filter((row) => row[3] === 'value').map((row) => Date.parse(row[0] as string) - 1000);
        assert.deepEqual(found, [...[0, 1, 2].slice(0, found.length - 1), 9], `cut at ${cut}`);
        for (const one of files()) rmSync(join(folder, one));
      }
    });
  }

  it('a full disk is a problem, what was whole stays, and it goes on when there is room', async function () {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      skip(this, 'the test of a full disk needs the right to mount a small disk of its own');
    }
    try {
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(30_000));
      const writer = new FileLines({ folder, name: 'h', format: 'lines' });
      const stored: number[] = [];
      let problem: { code?: string } | undefined;
      for (let n = 0; n < 5000 && problem === undefined; n += 100) {
        const some = Array.from({ length: 100 }, (_, index) => n + index);
        await writer.write(some.map(line)).then(() => stored.push(...some), (error: { code?: string }) => (problem = error));
      }
      assert.equal(problem?.code, 'TWIN_FILE_DISK_FULL');
      rmSync(join(folder, 'ballast'));
      await writer.write([line(7000)]);
      await writer.close();
      const found = files().flatMap((name) => splitLines(readFileSync(join(folder, name), 'utf8')).slice(0, -1)).map((one) => (decodeLine(one) as DecodedPoint).timeMs - 1000);
      assert.deepEqual(found, [...stored, 7000]);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  it('a text that a spreadsheet would compute is none', async () => {
    const writer = new FileLines({ folder, name: 'h', format: 'csv' });
    await writer.write(['=1+1,twin=@x -v="=cmd|x",s.quality="bad",s=-4 1000']);
    await writer.close();
    const rows = parse(readFileSync(join(folder, files()[0] as string)), { bom: true }) as string[][];
    assert.deepEqual(rows.slice(1), [
      ['1970-01-01T00:00:01.000Z', "'=1+1", 'twin=@x', "'-v", "'=cmd|x", ''],
      ['1970-01-01T00:00:01.000Z', "'=1+1", 'twin=@x', 's', '-4', 'bad'],
    ]);
  });
});
