// A reader of the inspector: requests with any method and host, and a stream of events.
import { get, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { InspectorSample } from 'corebuf/inspector';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function ask(url: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  const asked = request(url, { agent: false, ...options });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode!, headers: response.headers, body: await text(response) };
}

export async function sampleOf(url: string): Promise<InspectorSample> {
  return JSON.parse((await ask(`${url}stats.json`)).body) as InspectorSample;
}

/** The samples of a stream of events, until the server ends it or the loop does. */
export async function* samplesOf(url: string): AsyncGenerator<InspectorSample> {
  const asked = get(`${url}events`, { agent: false });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let rest = '';
  for await (const piece of response as AsyncIterable<string>) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop()!;
    for (const event of events) yield JSON.parse(event.replace(/^data: /, '')) as InspectorSample;
  }
}
