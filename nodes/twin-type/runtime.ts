import { compileTwinType } from '../../engine/twin/twinType.ts';
import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { twinNode } from '../twinNode.ts';
import { offerType } from '../typeHandle.ts';
import { fields } from './config.ts';

export default function twinType(RED: Runtime): void {
  RED.nodes.registerType('twin-type', function constructType(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    const { type, problems } = compileTwinType(twin.config);
    const [first] = problems;
    if (first === undefined) {
      offerType(this, type);
      return;
    }
    // A type with a mistake in it is refused whole: half a type would teach the machines something wrong.
    for (const problem of problems) this.warn(`${problem.code}: ${problem.message}`);
    twin.fail(first);
  });
}
