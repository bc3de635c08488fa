/** Read by `mocha` when it is called by hand; `npm test` passes the same and adds its own reporter. */
module.exports = {
  timeout: 20_000,
  'forbid-only': process.env.CI === 'true',
};
