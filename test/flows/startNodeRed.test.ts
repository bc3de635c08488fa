import assert from 'node:assert/strict';
import { nodeRedVersions, startNodeRed, type FlowNode } from './startNodeRed.ts';

const flow: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'press', type: 'inject', z: 'tab', props: [{ p: 'payload' }], payload: '42', payloadType: 'num', once: false, wires: [['pass']] },
  { id: 'pass', type: 'change', z: 'tab', rules: [{ t: 'set', p: 'seen', pt: 'msg', to: 'true', tot: 'bool' }], wires: [['end']] },
  { id: 'end', type: 'debug', z: 'tab', active: false, wires: [] },
];

/** The watch over Node-RED has to see what it promises to see; else a clean log means nothing. */
describe('a real Node-RED under test', function () {
  this.timeout(120_000);
  for (const version of nodeRedVersions) {
    it(`starts ${version}.x, sees messages, complaints and the end`, async () => {
      const nodeRed = await startNodeRed({ version, flow });
      try {
        assert.deepEqual(nodeRed.complaints(), []);
        await nodeRed.inject('press');
        const { message } = await nodeRed.message('pass');
        assert.equal(message.payload, 42);
        assert.equal(message.seen, true);
        nodeRed.receive('pass', { payload: 'handed over' });
        await nodeRed.message('pass', ({ payload }) => payload === 'handed over');

        await nodeRed.deploy([...flow, { id: 'boom', type: 'function', z: 'tab', func: 'throw new Error("planted fault")', outputs: 1, wires: [[]] }]);
        nodeRed.receive('boom', { payload: 1 });
        await nodeRed.until(() => nodeRed.complaints().some((line) => line.includes('planted fault')), 'the planted error');

        const before = nodeRed.pid;
        await nodeRed.kill();
        await nodeRed.restart();
        assert.notEqual(nodeRed.pid, before);
        await nodeRed.inject('press');

        const complaintsBefore = nodeRed.complaints().length;
        await assert.rejects(nodeRed.deploy([...flow, { id: 'gone', type: 'no-such-type', z: 'tab', wires: [] }]), /do not start/);
        assert.ok(nodeRed.complaints().length > complaintsBefore, 'a missing type is a complaint');
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
