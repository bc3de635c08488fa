import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findService } from './requireService.ts';
import { ServiceProcess, freePort, temporaryFolder } from './serviceProcess.ts';

export interface InfluxdOptions {
  /** Asks for a user name and password; the first user is created with these. */
  user?: { name: string; password: string };
  /** What was not written to for so long goes from the log into its files; by itself it waits ten minutes. */
  coldAfter?: string;
}

export interface Influxd {
  url: string;
  host: string;
  port: number;
  process: ServiceProcess;
  /** Sends InfluxQL and answers the parsed results. */
  query(statement: string, database?: string): Promise<InfluxdSeries[]>;
  stop(): Promise<void>;
}

export interface InfluxdSeries {
  name: string;
  tags?: Record<string, string>;
  columns: string[];
  values: (string | number | boolean | null)[][];
}

/** A real InfluxDB 1.x of its own, on a free port of the loopback interface, in a temporary folder. */
export async function influxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const path = findService('influxd');
  if (path === undefined) throw new Error('influxd is not there: call requireService in a before hook first.');
  const folder = temporaryFolder('influxd');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configuration = join(folder, 'influxdb.conf');
  writeFileSync(configuration, `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
  index-version = "inmem"
${options.coldAfter === undefined ? '' : `  cache-snapshot-write-cold-duration = "${options.coldAfter}"\n`}[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  auth-enabled = ${options.user !== undefined}
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
`);
  const service = new ServiceProcess(path, ['-config', configuration], folder, async () => {
    try {
      const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return response.status === 204;
    } catch {
      return false;
    }
  });
  await service.start();
  const authorization = options.user && `Basic ${Buffer.from(`${options.user.name}:${options.user.password}`).toString('base64')}`;
  const query = async (statement: string, database = ''): Promise<InfluxdSeries[]> => {
    const response = await fetch(`${url}/query?epoch=ms&db=${encodeURIComponent(database)}`, {
      method: 'POST',
      headers: authorization === undefined ? {} : { authorization },
      body: new URLSearchParams({ q: statement }),
    });
    const answer = (await response.json()) as { error?: string; results?: { error?: string; series?: InfluxdSeries[] }[] };
    const error = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error;
    if (error !== undefined) throw new Error(`${statement}: ${error}`);
    return (answer.results ?? []).flatMap((result) => result.series ?? []);
  };
  if (options.user !== undefined) {
    const { name, password } = options.user;
    await query(`CREATE USER "${name}" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`);
  }
  return { url, host: '127.0.0.1', port, process: service, query, stop: () => service.stop() };
}
