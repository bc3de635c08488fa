import { compileTwinType } from '../../engine/twin/twinType.ts';
import { Problem } from '../../engine/problem.ts';
import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { twinNode } from '../twinNode.ts';
import { offerType } from '../typeHandle.ts';
import { fields } from './config.ts';

export default function twinType(RED: Runtime): void {
  RED.nodes.registerType('twin-type', function constructType(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    try {
      offerType(this, compileTwinType(twin.config));
    } catch (problem) {
      twin.fail(problem instanceof Problem ? problem : new Problem('TWIN_TYPE', String(problem), 'Open the type and correct it.'));
    }
  });
}
