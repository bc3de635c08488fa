import assert from 'node:assert/strict';
import { deployProblems, opcuaDeploys } from '../../bench/opcuaDeploys.ts';
import type { DeploysResult } from '../../bench/opcuaDeploys.ts';

describe('deploys of a flow with an OPC UA source', function () {
  this.timeout(120_000);

  it('leave no socket, no handle and no session behind', async () => {
    // What the heap does in fifteen deploys is Node-RED warming up; five hundred (node bench/opcuaDeploys.ts) are judged by it too.
    const result = await opcuaDeploys(15);
    assert.deepEqual(deployProblems(result, Infinity), []);
  });

  it('would be found if they did', () => {
    const clean: DeploysResult = {
      deploys: 500, handlesGrown: 0, openFilesGrown: -1, sessionsLeft: 0, subscriptionsLeft: 0,
      heapMBPerHundred: { slope: 0.6, low: 0.1, high: 0.9 }, complaints: [],
    };
    assert.deepEqual(deployProblems(clean, 0.5), []);
    const planted: Partial<DeploysResult>[] = [
      { handlesGrown: 1 }, { openFilesGrown: 1 }, { sessionsLeft: 1 }, { subscriptionsLeft: 1 },
      { heapMBPerHundred: { slope: 1, low: 0.6, high: 2 } }, { complaints: ['[error] MaxListenersExceededWarning'] },
    ];
    for (const fault of planted) assert.equal(deployProblems({ ...clean, ...fault }, 0.5).length, 1, JSON.stringify(fault));
  });
});
