// Environment variables of the package: a value that means nothing is an error when the package is loaded.
import { runProgram } from '../support/program';

test.each([
  ['COREBUF_CHECKED', 'yes', "'1' (on), '0' or '' (off)"],
  ['COREBUF_COPY_VIEWS', 'true', "'1' (on), '0' or '' (off)"],
  ['COREBUF_ENGINE', 'foo', "'io_uring', 'threads', 'automatic' or ''"],
  ['COREBUF_STALLS', 'off', "'1' (on), '0' or '' (off)"],
  ['COREBUF_TRACE_LEAKS', 'some', "'all', '' or '0' (none), or a whole number N below 1e9 (one object in N)"],
  ['COREBUF_TRACE_LEAKS', '-1', "'all', '' or '0' (none), or a whole number N below 1e9 (one object in N)"],
])('%s=%s is refused with the choices', async (name, value, choices) => {
  const { code, stderr } = await runProgram('attach-options', { env: { [name]: value } });
  expect(code).toBe(1);
  expect(stderr).toContain(`RangeError: The environment variable ${name} must be ${choices}; received '${value}'`);
});

test.each(['much', '1 KiB', '-1'])('COREBUF_WARN_ABOVE=%s is refused when the thread is attached', async (value) => {
  const { code, stderr } = await runProgram('idle-group', { env: { COREBUF_WARN_ABOVE: value } });
  expect(code).toBe(1);
  expect(stderr).toContain(`The environment variable COREBUF_WARN_ABOVE must be an amount of memory of at least 128 KiB, such as '512MiB'; received ${value}`);
});
