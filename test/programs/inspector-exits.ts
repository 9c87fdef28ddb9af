// Starts an inspector before the first use of the package, looks at it, and ends although it is open and a stream of events is read.
import { get } from 'node:http';
import { inspect } from 'corebuf/inspector';
import type { InspectorSample } from 'corebuf/inspector';

async function main(): Promise<void> {
  const { url } = await inspect();
  const sample = (await (await fetch(`${url}stats.json`)).json()) as InspectorSample;
  console.log(sample.shards.length);
  const request = get(`${url}events`, { agent: false }, (response) => {
    // The socket of the reader would keep the process alive; the inspector's end of it does not.
    request.socket!.unref();
    response.resume();
  });
}

void main();
