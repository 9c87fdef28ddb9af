// The server of the inspector: who may ask it, what it answers, how it ends. samples.test.ts is about the values.
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'corebuf/inspector';
import type { InspectOptions } from 'corebuf/inspector';
import { expectWell } from '../support/program';
import { ask, sampleOf, samplesOf } from '../support/watching';

describe('inspect()', () => {
  test('serves loopback alone', async () => {
    await using inspector = await inspect();
    expect(inspector.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await expect(inspect({ host: '0.0.0.0' } as unknown as InspectOptions)).rejects.toThrow(
      "options.host must be '127.0.0.1' or '::1', because the inspector serves this machine alone; received '0.0.0.0'. To look from elsewhere, forward the port",
    );
    await expect(inspect({ host: 'localhost' } as unknown as InspectOptions)).rejects.toThrow(RangeError);
    await expect(inspect({ host: 5 } as unknown as InspectOptions)).rejects.toThrow(TypeError);
  });

  test.each([
    [{ ports: 1 }, TypeError, 'options must have no property but port, host, signal; received "ports"'],
    [{ port: 65_536 }, RangeError, 'options.port must be a whole number from 0 to 65535; received 65536'],
    [{ port: '80' }, TypeError, 'options.port must be a number'],
    [{ signal: {} }, TypeError, 'options.signal must be an AbortSignal'],
    [null, TypeError, 'options must be an object'],
  ])('refuses %j', async (options, kind, message) => {
    const failed = inspect(options as unknown as InspectOptions);
    await expect(failed).rejects.toThrow(kind);
    await expect(failed).rejects.toThrow(message);
  });

  test('rejects with the error of Node when the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(inspect({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    other.close();
  });

  test('may be called twice', async () => {
    await using one = await inspect();
    await using other = await inspect();
    expect(one.url).not.toBe(other.url);
    expect((await sampleOf(one.url)).pid).toBe((await sampleOf(other.url)).pid);
  });

  test('closes with its signal, and does not start when it is aborted', async () => {
    const closing = new AbortController();
    const { url } = await inspect({ signal: closing.signal });
    expect((await ask(url)).status).toBe(200);
    closing.abort();
    await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(inspect({ signal: closing.signal })).rejects.toBe(closing.signal.reason);
  });

  test('does not keep the process alive, makes no shard, and needs no other import', () => expectWell('inspector-exits', {}, '0\n'));
});

describe('close()', () => {
  test('ends streams of events, stops listening, and may be called again', async () => {
    const inspector = await inspect();
    const samples = samplesOf(inspector.url);
    expect((await samples.next()).done).toBe(false);
    const ended = samples.next();
    const closing = inspector.close();
    expect(inspector.close()).toBe(closing);
    await closing;
    // A sample may have been under way.
    await expect(ended.then(() => samples.next())).resolves.toMatchObject({ done: true });
    await expect(ask(inspector.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('the server', () => {
  test('answers hosts that are this machine, and no other', async () => {
    await using inspector = await inspect();
    const { port } = new URL(inspector.url);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      expect((await ask(inspector.url, { headers: { host } })).status).toBe(200);
    }
    for (const host of ['example.com', `example.com:${port}`, '127.0.0.1', `127.0.0.1:${port}.example.com`]) {
      for (const path of ['', 'stats.json', 'events']) {
        const { status, body } = await ask(inspector.url + path, { headers: { host } });
        expect([host, status]).toEqual([host, 403]);
        expect(body).toBe(`the host must be 127.0.0.1:${port} or [::1]:${port} or localhost:${port}\n`);
      }
    }
  });

  test('answers no request of another site but a link', async () => {
    await using inspector = await inspect();
    const from = (mode: string) => ({ headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode } });
    for (const path of ['', 'stats.json', 'events']) expect((await ask(inspector.url + path, from('cors'))).status).toBe(403);
    expect((await ask(inspector.url, from('navigate'))).status).toBe(200);
  });

  test('answers GET alone', async () => {
    await using inspector = await inspect();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      expect(await ask(inspector.url, { method })).toMatchObject({ status: 405, headers: { allow: 'GET' } });
    }
  });

  test.each(['nothing', '../inspect.js', '..%2finspect.js', 'main.ts', '', '.', '/'])('has no file "%s" beside the page', async (name) => {
    await using inspector = await inspect();
    expect((await ask(`${inspector.url}page/${name}`)).status).toBe(404);
    // The client would take the dots out of an address.
    expect((await ask(inspector.url.replace(/\/$/, ''), { path: `//${name}` } as object)).status).toBe(404);
  });

  test('lets the page load its own files alone', async () => {
    await using inspector = await inspect();
    const { headers, body } = await ask(inspector.url);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' });
    expect(body).not.toMatch(/https?:\/\/|<style|\sstyle=|\son\w+=/);
    for (const [, file] of body.matchAll(/(?:src|href)="([\w.]+)"/g)) {
      if (file === 'events') continue;
      expect([file, (await ask(inspector.url + file!)).status]).toEqual([file, 200]);
    }
  });
});
