// The page: every sample goes into the history, from which each part is drawn again.
import { appenders } from './appenders.js';
import { h, morph } from './dom.js';
import { age } from './format.js';
import { History } from './history.js';
import { io } from './io.js';
import { latencies } from './latencies.js';
import { ledger } from './ledger.js';
import { Live } from './live.js';
import type { State } from './live.js';
import { memory } from './memory.js';
import { overview } from './overview.js';
import { stalls } from './stalls.js';
import { traffic } from './traffic.js';

const VIEWS = { shards: overview, memory, traffic, latencies, io, appenders, stalls, ledger } as const;
const STATES: Readonly<Record<State, string>> = {
  connecting: 'connecting',
  live: 'live',
  paused: 'paused',
  lost: 'no connection, trying again',
};

const history = new History();

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function draw(): void {
  for (const [id, view] of Object.entries(VIEWS)) {
    const content = element(id).querySelector('.content')!;
    morph(content, h('div', { class: 'content' }, view(history)));
  }
  const { pid, node, uptime, deadShards } = history.latest;
  const dead = deadShards === 0 ? '' : `, memory of ${deadShards} ended shards is still in use`;
  element('process').textContent = `process ${pid}, Node ${node.slice(1)}, up ${age(uptime)}${dead}`;
}

function show(state: State): void {
  element('state').dataset.state = state;
  // Told only when it changes, because screen readers read it aloud.
  const text = element('state-text');
  if (text.textContent !== STATES[state]) text.textContent = STATES[state];
}

const live = new Live({
  onSample(sample) {
    history.add(sample);
    draw();
  },
  onState: show,
});

const pause = element('pause');
pause.addEventListener('click', () => {
  live.paused = !live.paused;
  pause.setAttribute('aria-pressed', String(live.paused));
  pause.textContent = live.paused ? 'Continue' : 'Pause';
});
