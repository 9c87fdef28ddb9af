// The HTTP server of one inspector: three resources and the files of the page, by GET, for hosts that are this machine.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHttp } from '../base/late-modules.js';
import { EventStreams } from './event-streams.js';
import { pageFile } from './page-files.js';
import { Sampler } from './sampler.js';

/** The page loads nothing but its own files, runs no inline script, and stands in no frame. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
];
const HEADERS = {
  'content-security-policy': POLICY.join('; '),
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

export class PageServer {
  readonly #server: Server;
  readonly #sampler = new Sampler();
  readonly #streams = new EventStreams(() => JSON.stringify(this.#sampler.sample()));
  /** Values of the header Host under which this machine is asked. */
  #hosts: readonly string[] = [];
  #onClose: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor() {
    this.#server = nodeHttp().createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket) => socket.unref());
  }

  onClose(told: () => void): void {
    this.#onClose = told;
  }

  /** Resolves with the address of the page. @throws Node's errors of listen */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.unref();
    const { port: chosen } = this.#server.address() as AddressInfo;
    const names = ['127.0.0.1', '[::1]', 'localhost'];
    this.#hosts = [...names.map((name) => `${name}:${chosen}`), ...(chosen === 80 ? names : [])];
    return `http://${host.includes(':') ? `[${host}]` : host}:${chosen}/`;
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#onClose();
      this.#streams.end();
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    return this.#closing;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    // A page of another site can make its name mean this machine (DNS rebinding), but its requests still name that site.
    if (!this.#hosts.includes(request.headers.host ?? '')) return refuse(response, 403, `the host must be ${this.#hosts.join(' or ')}`);
    // Another site cannot read the answer, but it could make the inspector take samples. A link to the page is allowed.
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
    if (site === 'cross-site' && mode !== 'navigate') return refuse(response, 403, 'the inspector answers no other site');
    if (request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      return refuse(response, 405, 'the inspector answers GET alone');
    }
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path === '/stats.json') return send(response, 'application/json', JSON.stringify(this.#sampler.sample()));
    if (path === '/events') return this.#streams.add(response);
    const file = pageFile(path);
    if (file === undefined) return refuse(response, 404, 'the inspector has /, /stats.json and /events');
    send(response, file.type, file.content);
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status;
  send(response, 'text/plain; charset=utf-8', `${why}\n`);
}

function send(response: ServerResponse, type: string, content: string | Buffer): void {
  response.setHeader('content-type', type);
  response.end(content);
}
