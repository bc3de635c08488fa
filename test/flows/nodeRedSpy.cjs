'use strict';
/**
 * Loaded by the settings file of a Node-RED under test: tells the test process over its channel what the nodes send, complain of and
 * show, through Node-RED's own hooks and events.
 */
const { createRequire } = require('node:module');

exports.watch = function watch(red) {
  const load = createRequire(red);
  const { hooks, events } = load('@node-red/util');
  const tell = (report) => {
    if (process.connected) process.send(report);
  };

  hooks.add('onSend.twinwire', (sends) => {
    for (const { source, msg } of sends) tell({ kind: 'sent', from: source.id, port: source.port, message: plain(msg) });
  });
  hooks.add('onComplete.twinwire', ({ node, error }) => {
    if (error) tell({ kind: 'error', node: node.id, code: error.code, text: String(error.message ?? error) });
  });
  // A site opens its store beside the start of the flows, and shows how that went: before it has, there are no twins, no page and no users.
  const flows = load('@node-red/runtime/lib/flows');
  const shown = new WeakSet();
  let started = false;
  const tellStarted = () => {
    if (!started) return;
    const sites = [];
    flows.eachNode(({ id, type }) => type === 'twin-site' && sites.push(flows.get(id)));
    if (sites.some((site) => site && !shown.has(site))) return;
    started = false;
    tell({ kind: 'started' });
  };
  events.on('node-status', ({ id, status }) => {
    tell({ kind: 'status', node: id, status: plain(status) });
    const node = flows.get(id);
    if (node) shown.add(node);
    tellStarted();
  });
  events.on('flows:stopped', () => (started = false));
  events.on('flows:started', () => {
    started = true;
    tellStarted();
  });

  process.on('message', ({ receive, message }) => {
    const node = flows.get(receive);
    if (node) node.receive(message);
    else tell({ kind: 'log', level: 20, text: `there is no node ${receive} to receive a message` });
  });

  return {
    console: { level: 'info', metrics: false, audit: false },
    twinwire: {
      level: 'info',
      metrics: false,
      audit: false,
      handler: () => (entry) => {
        const text = typeof entry.msg === 'string' ? entry.msg : (entry.msg?.message ?? entry.msg?.stack ?? JSON.stringify(plain(entry.msg)));
        tell({ kind: 'log', level: entry.level, text: String(text), node: entry.id, type: entry.type });
      },
    },
  };
};

/** What JSON can tell of a value; Node-RED's own requests and responses are left out. */
function plain(value) {
  const above = [];
  const text = JSON.stringify(value, function (key, inner) {
    if (key === 'req' || key === 'res' || key === '_event') return undefined;
    if (typeof inner === 'bigint') return String(inner);
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
    if (typeof inner === 'object' && inner !== null) {
      while (above.length > 0 && above.at(-1) !== this) above.pop();
      if (above.includes(inner)) return '(a circle)';
      above.push(inner);
    }
    return inner;
  });
  return text === undefined ? undefined : JSON.parse(text);
}
