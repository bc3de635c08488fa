import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'mqtt';
import { chromium, requireService } from './requireService.ts';
import { influxd } from './startInfluxd.ts';
import { mosquitto } from './startMosquitto.ts';
import { victoriaMetrics } from './startVictoriaMetrics.ts';

describe('test services', function () {
  this.timeout(60_000);

  describe('influxd', () => {
    before(requireService('influxd'));

    it('starts, answers a query, comes back with its data after a halt, and leaves nothing', async () => {
      const service = await influxd();
      try {
        await service.query('CREATE DATABASE plant');
        const written = await fetch(`${service.url}/write?db=plant&precision=ms`, { method: 'POST', body: 'machine value=1 1000' });
        assert.equal(written.status, 204);
        await service.process.halt();
        await service.process.start();
        const [series] = await service.query('SELECT value FROM machine', 'plant');
        assert.deepEqual(series?.values, [[1000, 1]]);
      } finally {
        await service.stop();
      }
      assert.equal(existsSync(service.process.folder), false);
      await assert.rejects(fetch(`${service.url}/ping`));
    });
  });

  describe('victoria-metrics', () => {
    before(requireService('victoria-metrics'));

    it('starts, takes line protocol and leaves nothing', async () => {
      const service = await victoriaMetrics();
      try {
        const timeMs = Date.now() - 60_000;
        const written = await fetch(`${service.url}/write?precision=ms`, { method: 'POST', body: `machine,twin=a value=1 ${timeMs}` });
        assert.equal(written.status, 204);
        await (await fetch(`${service.url}/internal/force_flush`)).text();
        const exported = await (await fetch(`${service.url}/api/v1/export?match[]=machine_value`)).text();
        assert.deepEqual((JSON.parse(exported) as { values: number[]; timestamps: number[] }).timestamps, [timeMs]);
      } finally {
        await service.stop();
      }
      assert.equal(existsSync(service.process.folder), false);
    });
  });

  describe('mosquitto', () => {
    before(requireService('mosquitto'));

    it('starts with a user and refuses a stranger', async () => {
      const service = await mosquitto({ user: { name: 'line', password: 'secret' } });
      try {
        const client = connect(service.url, { username: 'line', password: 'secret', reconnectPeriod: 0 });
        await new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject));
        await client.endAsync();
        const stranger = connect(service.url, { reconnectPeriod: 0 });
        await assert.rejects(new Promise((resolve, reject) => stranger.once('connect', resolve).once('error', reject)), /[Nn]ot authorized/);
        await stranger.endAsync(true);
      } finally {
        await service.stop();
      }
      assert.equal(existsSync(service.process.folder), false);
    });
  });

  describe('chromium', () => {
    before(requireService('chromium'));

    it('is found', () => {
      assert.ok(existsSync(chromium() ?? ''));
    });
  });
});
