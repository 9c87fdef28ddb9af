// The stream of samples. It is open while the page is seen and not paused; nothing is sampled for a page that nobody looks at.
import type { InspectorSample } from '../sample-types.js';

export type State = 'connecting' | 'live' | 'paused' | 'lost';

export interface Listener {
  onSample(sample: InspectorSample): void;
  onState(state: State): void;
}

export class Live {
  readonly #listener: Listener;
  #source: EventSource | undefined;
  #paused = false;

  constructor(listener: Listener) {
    this.#listener = listener;
    document.addEventListener('visibilitychange', () => this.#update());
    this.#update();
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#update();
  }

  #update(): void {
    const wanted = !this.#paused && document.visibilityState === 'visible';
    if (!wanted) {
      this.#source?.close();
      this.#source = undefined;
      this.#listener.onState('paused');
    } else this.#source ??= this.#open();
  }

  #open(): EventSource {
    this.#listener.onState('connecting');
    const source = new EventSource('events');
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.#listener.onState('live');
      this.#listener.onSample(JSON.parse(data) as InspectorSample);
    });
    // The browser tries again by itself.
    source.addEventListener('error', () => this.#listener.onState('lost'));
    return source;
  }
}
