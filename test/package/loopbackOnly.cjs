'use strict';
/** Loaded before a program under test: writes down, and refuses, every attempt to reach anything but this computer. */
const { appendFileSync } = require('node:fs');
const dns = require('node:dns');
const net = require('node:net');
const os = require('node:os');

const diary = process.env.TWINWIRE_TEST_DIARY;
/** Asking for one's own name asks no network. */
const isLoopback = (host) => host === undefined || host === os.hostname() || host === '' || /^(?:localhost|127\.|::1$|0\.0\.0\.0$|::$)/.test(host);

function refuse(what) {
  appendFileSync(diary, `${what}\n`);
  return Object.assign(new Error(`no network in this test: ${what}`), { code: 'ENETUNREACH' });
}

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function connectLoopback(...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  const host = typeof options === 'object' && options !== null ? options.host : given[1];
  if (typeof host === 'string' && !isLoopback(host)) {
    const problem = refuse(`connection to ${host}`);
    process.nextTick(() => this.destroy(problem));
    return this;
  }
  return connect.apply(this, given);
};
const { lookup } = dns;
dns.lookup = function lookupLoopback(name, ...rest) {
  if (isLoopback(name) || net.isIP(name) !== 0) return lookup(name, ...rest);
  const problem = refuse(`name ${name}`);
  process.nextTick(() => rest.at(-1)(problem));
};
