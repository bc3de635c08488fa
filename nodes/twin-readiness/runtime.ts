import type { NodeDefinition, NodeInstance, Runtime } from '../red.d.ts';
import { onInput, twinNode } from '../twinNode.ts';
import { fields } from './config.ts';

export default function twinReadiness(RED: Runtime): void {
  RED.nodes.registerType('twin-readiness', function constructReadiness(this: NodeInstance, definition: NodeDefinition) {
    const twin = twinNode(RED, this, definition, fields);
    let count = 0;
    onInput(twin, undefined, (message, send) => {
      count++;
      if (count % twin.config.every === 0) send(message);
    });
  });
}
