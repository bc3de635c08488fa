import { findService } from './requireService.ts';
import { ServiceProcess, freePort, temporaryFolder } from './serviceProcess.ts';

export interface VictoriaMetrics {
  url: string;
  process: ServiceProcess;
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
  return { url, process: service, stop: () => service.stop() };
}
