'use strict';
/**
 * Loaded before node-red-dev: a test asks no server of somebody else's. The catalogue of all nodes is answered as empty, and what the
 * registry knows of Node-RED by the version that is installed here; everything else the tool asks for fails loudly.
 */
const { createRequire } = require('node:module');
const load = createRequire(require.resolve('node-red-dev/package.json'));
const axios = load('axios');
const installed = load('node-red/package.json');

axios.get = async (address) => {
  const { pathname } = new URL(address);
  if (pathname === '/catalogue.json') return { status: 200, data: { modules: [] } };
  if (pathname === '/node-red') {
    return { status: 200, data: { 'dist-tags': { latest: installed.version }, versions: { [installed.version]: installed } } };
  }
  throw new Error(`node-red-dev asked for ${address}, which this test does not answer`);
};
