'use strict';
/**
 * Loaded by the settings file of the Node-RED under soak: answers each {look: number} of its parent with what only the process itself knows.
 * It needs --expose-gc.
 */
const { createRequire } = require('node:module');
const { readdirSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

/** Delays are measured as what is beyond this, which is how often the loop is looked at. */
const resolutionMs = 10;

exports.watch = function watch(red) {
  const { hooks } = createRequire(red)('@node-red/util');
  let messages = 0;
  hooks.add('onSend.soak', (sends) => {
    messages += sends.length;
  });
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  process.on('message', ({ look }) => {
    const loopDelayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - resolutionMs);
    delay.disable();
    // Twice: what the first round finalises, the second one frees.
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, rss, external } = process.memoryUsage();
    const handles = {};
    for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
    // What comes and goes with each file read or name looked up is no handle that is held.
    for (const kind of Object.keys(handles)) if (/ReqWrap|ReqPromise|Request|Immediate/.test(kind)) delete handles[kind];
    process.send({ look, heapBytes: heapUsed + external, residentBytes: rss, loopDelayP99Ms, handles, openFiles: openFiles(), messages });
    delay.reset();
    delay.enable();
  });
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
};

function openFiles() {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Only Linux tells.
    return 0;
  }
}
