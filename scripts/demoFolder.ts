import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from './packageRoot.ts';
import { PlainError } from './plainError.ts';

/** What the demo remembers between two starts. */
interface DemoRecord {
  /** Plant time and wall clock when it was last seen running, ms UTC. */
  plantMs?: number;
  wallMs?: number;
  /** Encrypts the credentials of the flows in this folder. */
  credentialSecret: string;
  /** Hash of the shipped flow, as it was copied, by its name: tells whether the copy was changed by the user. */
  copied: Record<string, string>;
}

export interface DemoClock {
  originMs: number;
  rate: number;
}

/** The demo's folder: Node-RED's user directory, with a record beside it. */
export class DemoFolder {
  readonly folder: string;
  private readonly recordFile: string;
  private readonly record: DemoRecord;

  /** @param fresh delete what is there first; only done in a folder that a demo made */
  constructor(folder: string, fresh: boolean) {
    this.folder = folder;
    this.recordFile = path.join(folder, 'demo.json');
    // The lock of the demo that is starting lies here already.
    if (fresh && existsSync(folder) && readdirSync(folder).some((name) => !name.startsWith('demo.lock'))) {
      if (!existsSync(this.recordFile)) {
        throw new PlainError(`${folder} was not made by the demo, so --fresh does not delete it. Choose another folder with TWINWIRE_DATA.`);
      }
      for (const name of readdirSync(folder)) {
        if (!name.startsWith('demo.lock')) rmSync(path.join(folder, name), { recursive: true, force: true });
      }
    }
    mkdirSync(folder, { recursive: true });
    this.record = this.readRecord();
    this.writeRecord();
  }

  get credentialSecret(): string {
    return this.record.credentialSecret;
  }

  /**
   * The plant's clock. Plant time is origin + (wall clock − origin) × rate, and it never goes back: after a stop it goes on where it
   * was, as if the plant had run on at the speed of the wall clock.
   * @throws PlainError when that cannot be had at rate 1, because an accelerated run is already ahead of the wall clock
   */
  clock(rate: number, nowMs: number): DemoClock {
    const { plantMs, wallMs } = this.record;
    if (plantMs === undefined || wallMs === undefined) return { originMs: nowMs, rate };
    const goOnMs = plantMs + Math.max(0, nowMs - wallMs);
    const aheadMs = goOnMs - nowMs;
    if (aheadMs <= 1000) return { originMs: nowMs, rate };
    if (rate <= 1) {
      const hours = Math.ceil(aheadMs / 3_600_000);
      throw new PlainError(
        `The demo's data is ${hours} hour${hours === 1 ? '' : 's'} ahead of the clock on the wall, because it ran faster than real time. ` +
          'At rate 1 it cannot go on: begin anew with npm start -- --rate 1 --fresh.',
      );
    }
    return { originMs: Math.round((goOnMs - nowMs * rate) / (1 - rate)), rate };
  }

  /** Remembers how late it is in the plant. */
  remember(clock: DemoClock, nowMs: number): void {
    this.record.plantMs = Math.round(clock.originMs + (nowMs - clock.originMs) * clock.rate);
    this.record.wallMs = nowMs;
    this.writeRecord();
  }

  /**
   * Copies a shipped flow here, unless the user has changed the copy; gives the name of the file in the folder.
   * @param change applied to the text when it is copied
   */
  takeFlow(name: string, change: (text: string) => string = (text) => text): { file: string; kept: boolean } {
    const shipped = path.join(packageRoot, 'flows', `${name}.json`);
    if (!existsSync(shipped)) {
      const names = readdirSync(path.join(packageRoot, 'flows')).filter((file) => file.endsWith('.json'));
      const offered = names.map((file) => path.basename(file, '.json')).join(', ');
      throw new PlainError(`There is no flow ${name}. There is: ${offered}. Choose one with npm start -- --flow NAME.`);
    }
    const file = `${name}.json`;
    const target = path.join(this.folder, file);
    const text = change(readFileSync(shipped, 'utf8'));
    if (existsSync(target) && hashOf(readFileSync(target, 'utf8')) !== this.record.copied[name]) return { file, kept: true };
    writeFileSync(target, text);
    this.record.copied[name] = hashOf(text);
    this.writeRecord();
    return { file, kept: false };
  }

  private readRecord(): DemoRecord {
    const empty: DemoRecord = { credentialSecret: randomBytes(24).toString('hex'), copied: {} };
    if (!existsSync(this.recordFile)) return empty;
    try {
      return { ...empty, ...(JSON.parse(readFileSync(this.recordFile, 'utf8')) as Partial<DemoRecord>) };
    } catch {
      copyFileSync(this.recordFile, `${this.recordFile}.damaged`);
      return empty;
    }
  }

  private writeRecord(): void {
    writeFileSync(`${this.recordFile}.new`, `${JSON.stringify(this.record, null, 2)}\n`);
    renameSync(`${this.recordFile}.new`, this.recordFile);
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
