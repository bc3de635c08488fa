import path from 'node:path';
import { FileLines } from '../../adapters/file/fileLines.ts';
import type { FileFormat } from '../../adapters/file/fileLines.ts';
import type { Config } from '../../contract/fields.ts';
import { Problem } from '../../engine/problem.ts';
import { deliverLines } from '../../engine/site/deliverLines.ts';
import { offerConnectionTest } from '../connectionTest.ts';
import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { offerTarget } from '../targetHandle.ts';
import { twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

const removalToldEveryMs = 3_600_000;

export default function twinFile(RED: Runtime): void {
  /** Two that write the same files would each take the other's end for torn. */
  const taken = new Map<string, string>();

  RED.nodes.registerType('twin-file', function constructFile(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const place = placeOf(twin.config);
    let removed = 0;
    let toldMs = -Infinity;
    let writer: FileLines | undefined;
    let refused: Problem | undefined;
    if (taken.has(place)) {
      refused = new Problem('TWIN_FILE_TAKEN', `Another connection writes the files ${place} already.`, 'Give each its own name or folder.', { place });
      twin.fail(refused);
    } else if (twin.config.folder.trim() !== '') {
      taken.set(place, this.id);
      writer = new FileLines(writerOptions(twin.config, () => {
        removed += 1;
        if (Date.now() - toldMs < removalToldEveryMs) return;
        toldMs = Date.now();
        twin.warn(new Problem('TWIN_FILE_REMOVED', `${removed} files of history were deleted since the start: all together they may be ${twin.config.keepAtMost} MB.`,
          'Keep more, or copy them away in time.', { count: removed }));
      }));
    }
    offerTarget(this, {
      address: twin.config.folder.trim() === '' ? undefined : place,
      async deliver(records) {
        if (writer === undefined) return { kind: 'retry', problem: refused ?? new Problem('TWIN_FILE_SETTING', 'No folder is given for the files.', 'Enter the folder in the connection.') };
        return deliverLines(writer)(records);
      },
    });
    twin.onClose(async () => {
      await writer?.close();
      if (taken.get(place) === this.id) taken.delete(place);
    });
  });

  offerConnectionTest(RED, 'twin-file', fields, async (config) => {
    const writer = new FileLines(writerOptions(config));
    try {
      const answer = await writer.test();
      return answer instanceof Problem ? answer : { ok: true, version: folderOf(config) };
    } finally {
      await writer.close();
    }
  });

  function folderOf({ folder }: Config<typeof fields>): string {
    return path.resolve(RED.settings.userDir ?? '.', folder.trim());
  }

  function placeOf(config: Config<typeof fields>): string {
    return path.join(folderOf(config), `${config.name || 'history'}.${config.format === 'lines' ? 'lp' : 'csv'}`);
  }

  function writerOptions(config: Config<typeof fields>, onRemoved?: (file: string) => void): ConstructorParameters<typeof FileLines>[0] {
    return {
      folder: config.folder.trim() === '' ? '' : folderOf(config), name: config.name || 'history', format: config.format as FileFormat,
      rotateBytes: config.fileSize * 1_000_000, keepBytes: config.keepAtMost * 1_000_000, ...(onRemoved !== undefined && { onRemoved }),
    };
  }
}
