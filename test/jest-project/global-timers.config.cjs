// As jest.config.cjs, with timers that are fake before a test file loads the package.
module.exports = { ...require('./jest.config.cjs'), fakeTimers: { enableGlobally: true } };
