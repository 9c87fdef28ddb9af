// Streams of server-sent events. All that are open share one timer, which runs only while there are some, and one sample a second.
import type { ServerResponse } from 'node:http';
import { clearInterval, setInterval } from '../base/timers.js';

const INTERVAL_MS = 1000;

export class EventStreams {
  readonly #sample: () => string;
  readonly #open = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  constructor(sample: () => string) {
    this.#sample = sample;
  }

  /** The stream begins with a sample at once. */
  add(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(eventOf(this.#sample()));
    this.#open.add(response);
    this.#timer ??= setInterval(() => this.#send(), INTERVAL_MS).unref();
    response.once('close', () => this.#remove(response));
  }

  end(): void {
    for (const response of this.#open) {
      response.end();
      this.#remove(response);
    }
  }

  #send(): void {
    const event = eventOf(this.#sample());
    // A reader that is slow misses samples, so that they do not pile up here.
    for (const response of this.#open) if (!response.writableNeedDrain) response.write(event);
  }

  #remove(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** JSON has no line breaks, so one line of data holds it. */
function eventOf(data: string): string {
  return `data: ${data}\n\n`;
}
