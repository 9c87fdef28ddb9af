// Turns that lasted too long, the latest first, each with the JavaScript that was running.
import type { InspectedStall } from '../sample-types.js';
import { h } from './dom.js';
import { duration, textOf } from './format.js';
import type { History } from './history.js';
import { inTurns } from './in-turns.js';
import { empty } from './table.js';

const SHOWN_MAX = 12;
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export function stalls(history: History): HTMLElement {
  const ofShards = history.shards.map(({ name, stallReports }) => stallReports.map((report) => ({ name, report })).reverse());
  const count = ofShards.flat().length;
  if (count === 0) return empty('No turn was too long.');
  const shown = inTurns(ofShards).slice(0, SHOWN_MAX);
  shown.sort((one, other) => (one.report.time < other.report.time ? 1 : -1));
  const latest = shown.map(({ name, report }) => entry(name, report));
  const earlier = count - latest.length;
  const more = earlier === 0 ? undefined : h('p', { class: 'hint' }, `stats.json has ${earlier} earlier ones.`);
  return h('div', {}, h('ol', { class: 'stalls' }, ...latest), more);
}

function entry(name: string, report: InspectedStall): HTMLElement {
  const { time, blockedFor, onCpuFor, handler, stack, suppressed } = report;
  const method = handler === undefined ? 'outside of a served method' : `in ${handler}()`;
  const where = `${method}, ${textOf(duration(onCpuFor))} on the processor`;
  const others = suppressed === 0 ? '' : `${suppressed} before it were not reported. `;
  const summary = h(
    'summary',
    {},
    h('time', { datetime: time }, clock.format(new Date(time))),
    h('span', { class: 'shard' }, name),
    h('strong', {}, textOf(duration(blockedFor))),
    h('span', { class: 'where' }, where),
    stack === undefined ? undefined : h('code', {}, innermost(stack)),
  );
  const text = stack === undefined ? h('p', { class: 'hint' }, `${others}There is no stack: the turn ended before it could be taken, or ran no JavaScript.`) : h('pre', {}, stack);
  const note = stack === undefined || others === '' ? undefined : h('p', { class: 'hint' }, others);
  return h('li', { 'data-key': `${name} ${time} ${blockedFor}` }, h('details', {}, summary, note, text));
}

/** The first line of a stack, without the folders of its file. */
function innermost(stack: string): string {
  return stack.split('\n', 1)[0]!.trim().replace(/(\(|at )(?:file:\/\/)?\/\S*\//, '$1');
}
