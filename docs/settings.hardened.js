/**
 * Settings for a Node-RED 4.1 or 5 that stands in a plant's network: login, HTTPS, nothing installed from the editor,
 * nothing asked of the internet. docs/network.md leads through it step by step.
 *
 *   node-red --settings /path/to/settings.hardened.js
 *
 * All that differs from plant to plant comes from the environment or from files, so that this file can be replaced by a newer one:
 *
 *   TWINWIRE_HOST          address to listen on; default 127.0.0.1 (this computer only); 0.0.0.0 for the network
 *   TWINWIRE_PORT          default 1880
 *   TWINWIRE_USER_DIR      the Node-RED user directory; default: the folder of this file
 *   TWINWIRE_SECRETS       folder of the files below; default: secrets/ in the user directory
 *   TWINWIRE_PAGE_USER     set: Node-RED itself asks for this name in front of every page (pagepassword.hash holds its password)
 *   TWINWIRE_ALLOW_INSTALL yes: nodes may be installed from the editor; default no
 *   TWINWIRE_DEV_NODES     folder of a package under development
 *
 *   secrets/admin.hash         bcrypt hash of the editor's password (node-red admin hash-pw); optional admin.name, else "admin"
 *   secrets/credential.secret  a long random text; without it passwords in flows cannot be read again: put it into the backup
 *   secrets/tls.key, tls.crt   key and certificate with its chain, PEM; read again every hour, so a renewed one needs no restart
 *   secrets/pagepassword.hash  bcrypt hash, only with TWINWIRE_PAGE_USER
 *
 * A file that is missing or empty is an error that says which one: this Node-RED does not start half protected.
 */
const fs = require('node:fs');
const path = require('node:path');

const environment = process.env;
const userDir = path.resolve(environment.TWINWIRE_USER_DIR || __dirname);
const secrets = path.resolve(environment.TWINWIRE_SECRETS || path.join(userDir, 'secrets'));

function secret(name) {
  const file = path.join(secrets, name);
  let text;
  try {
    text = fs.readFileSync(file, 'utf8').trim();
  } catch (problem) {
    throw new Error(`The file ${file} cannot be read (${problem.code}). docs/network.md says what belongs into it.`);
  }
  if (text === '') throw new Error(`The file ${file} is empty. docs/network.md says what belongs into it.`);
  return text;
}

function bcryptHash(name) {
  const hash = secret(name);
  if (!/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash)) {
    throw new Error(`${path.join(secrets, name)} holds no bcrypt hash. Make one with: node-red admin hash-pw`);
  }
  return hash;
}

function certificate() {
  return { key: secret('tls.key'), cert: secret('tls.crt'), minVersion: 'TLSv1.2' };
}

const adminName = fs.existsSync(path.join(secrets, 'admin.name')) ? secret('admin.name') : 'admin';
const mayInstall = environment.TWINWIRE_ALLOW_INSTALL === 'yes';

/**
 * For editor and pages alike; pages that set a stricter policy, as Twinwire's does, keep it. No Strict-Transport-Security: it holds for
 * every port of this computer and would shut out other services on it that only speak HTTP.
 */
function securityHeaders(request, response, next) {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'SAMEORIGIN');
  response.setHeader('Referrer-Policy', 'same-origin');
  next();
}

module.exports = {
  uiHost: environment.TWINWIRE_HOST || '127.0.0.1',
  uiPort: Number(environment.TWINWIRE_PORT || 1880),
  userDir,
  flowFile: 'flows.json',
  flowFilePretty: true,
  ...(environment.TWINWIRE_DEV_NODES ? { nodesDir: [environment.TWINWIRE_DEV_NODES] } : {}),

  https: certificate,
  httpsRefreshInterval: 1,
  requireHttps: true,

  credentialSecret: secret('credential.secret'),

  adminAuth: {
    type: 'credentials',
    users: [{ username: adminName, password: bcryptHash('admin.hash'), permissions: '*' }],
    // Seconds: a working day.
    sessionExpiryTime: 10 * 3600,
  },
  httpAdminMiddleware: securityHeaders,
  httpNodeMiddleware: securityHeaders,
  ...(environment.TWINWIRE_PAGE_USER
    ? { httpNodeAuth: { user: environment.TWINWIRE_PAGE_USER, pass: bcryptHash('pagepassword.hash') } }
    : {}),

  // Nothing from the internet while running.
  externalModules: {
    autoInstall: false,
    palette: { allowInstall: mayInstall, allowUpload: false, allowUpdate: mayInstall },
    modules: { allowInstall: false },
  },
  functionExternalModules: false,
  functionGlobalContext: {},
  // A function node that never ends must not stop the plant's alarms.
  functionTimeout: 30,
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  runtimeState: { enabled: false, ui: false },

  editorTheme: {
    tours: false,
    projects: { enabled: false },
    palette: mayInstall ? {} : { catalogues: [] },
  },

  contextStorage: {
    default: { module: 'memory' },
    file: { module: 'localfilesystem' },
  },
  apiMaxLength: '5mb',
  debugMaxLength: 1000,
  mqttReconnectTime: 15000,
  serialReconnectTime: 15000,
  exportGlobalContextKeys: false,
  // audit: who changed flows, and refused logins.
  logging: { console: { level: 'info', metrics: false, audit: true } },
};
