// Results as they come: a table for people, or one JSON object per line for programs.
import type { Measured } from './measure.js';
import type { Case, Side } from './suite.js';

export interface Report {
  begin(title: string, about: string, cases: readonly Case[]): void;
  add(suite: string, measured: Case, result: Measured): void;
}

export const jsonReport: Report = {
  begin() {},
  add(suite, { name, peerName }, { unit, better, ours, peer, ratio }) {
    const p99 = ours.p99 === undefined ? {} : { oursP99: ours.p99, peerP99: peer.p99 };
    const line = { suite, case: name, unit, better, ours: ours.value, peer: peer.value, peerName, ratio, ...p99 };
    console.log(JSON.stringify(line, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value)));
  },
};

const SPREAD = 17;
const P99 = 17;

class TableReport implements Report {
  #nameWidth = 0;

  begin(title: string, about: string, cases: readonly Case[]): void {
    this.#nameWidth = Math.max(...cases.map(({ name }) => name.length));
    console.log(`\n${title}: ${about}\n`);
    this.#row('case', 'unit', ['ours', 'min–max'], ['peer', 'min–max'], 'ratio', 'p99 ours, peer', 'peer is');
  }

  add(_suite: string, { name, peerName }: Case, { unit, ours, peer, ratio }: Measured): void {
    const p99 = ours.p99 === undefined || peer.p99 === undefined ? '' : `${short(ours.p99)}, ${short(peer.p99)}`;
    this.#row(name, unit, cells(ours), cells(peer), `${ratio.toFixed(2)}x`, p99, peerName);
  }

  #row(name: string, unit: string, ours: Cells, peer: Cells, ratio: string, p99: string, peerName: string): void {
    const side = ([value, spread]: Cells): string => `${value.padStart(7)}  ${spread.padEnd(SPREAD)}`;
    const line = [name.padEnd(this.#nameWidth), unit.padEnd(7), side(ours), side(peer), ratio.padStart(7), p99.padEnd(P99)];
    console.log(`${line.join('  ')}  ${peerName}`);
  }
}

type Cells = readonly [value: string, spread: string];

function cells({ value, min, max }: Side): Cells {
  return [short(value), `(${short(min)}–${short(max)})`];
}

/** Three digits: 0.123, 1.23, 12.3, 123, 12.3k, 1.23M. */
function short(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export const tableReport: Report = new TableReport();
