import { findService } from './requireService.ts';
import { ServiceProcess, freePort, temporaryFolder } from './serviceProcess.ts';

export interface VictoriaMetrics {
  url: string;
  process: ServiceProcess;
  /** Every stored value: name (measurement_field), tags, time and number. */
  values(): Promise<{ name: string; tags: Record<string, string>; timeMs: number; value: number }[]>;
  stop(): Promise<void>;
}

/** A real VictoriaMetrics of its own (it takes InfluxDB's line protocol at /write), on a free port of the loopback interface, in a temporary folder. */
export async function victoriaMetrics(): Promise<VictoriaMetrics> {
  const path = findService('victoria-metrics');
  if (path === undefined) throw new Error('victoria-metrics is not there: call requireService in a before hook first.');
  const folder = temporaryFolder('victoria-metrics');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = [`-storageDataPath=${folder}/data`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y', '-search.latencyOffset=0s', '-loggerLevel=ERROR'];
  const service = new ServiceProcess(path, flags, folder, async () => {
    try {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  });
  await service.start();
  return {
    url, process: service, stop: () => service.stop(),
    async values() {
      // What came a moment ago is not found otherwise.
      await (await fetch(`${url}/internal/force_flush`)).arrayBuffer();
      const answer = await fetch(`${url}/api/v1/export`, { method: 'POST', body: new URLSearchParams({ 'match[]': '{__name__!=""}', start: '0' }) });
      const text = await answer.text();
      return text.split('\n').filter((line) => line !== '').flatMap((line) => {
        const { metric, values, timestamps } = JSON.parse(line) as { metric: Record<string, string>; values: number[]; timestamps: number[] };
        const { __name__: name = '', ...tags } = metric;
        return timestamps.map((timeMs, index) => ({ name, tags, timeMs, value: values[index] ?? NaN }));
      });
    },
  };
}
