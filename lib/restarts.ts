// Whether a shard that ended by itself is started again, and how soon: a budget of restarts for each shard of a group.
import { checkInteger, invalidType } from './checks.js';

export interface RestartOptions {
  /** Restarts of one shard within `within`; when it ends once more, it stays gone. 1 … 1 000 000, default 5. */
  limit?: number;
  /** Milliseconds, 1 … 2 147 483 647. Default 60 000. */
  within?: number;
  /** Milliseconds before a restart, twice as many with each restart within `within`. 0 … 60 000, default 100. */
  delay?: number;
}

export type RestartRule = Required<RestartOptions>;

const MS_MAX = 2 ** 31 - 1;
const DELAY_MAX = 60_000;

/** Undefined: what has ended stays gone. */
export function restartRule(restart: boolean | RestartOptions | undefined): RestartRule | undefined {
  if (restart === undefined || restart === false) return undefined;
  if (restart !== true && (typeof restart !== 'object' || restart === null)) throw invalidType('options.restart', 'a boolean or an object', restart);
  const { limit = 5, within = 60_000, delay = 100 } = restart === true ? {} : restart;
  checkInteger('options.restart.limit', limit, 1, 1_000_000);
  checkInteger('options.restart.within', within, 1, MS_MAX);
  checkInteger('options.restart.delay', delay, 0, DELAY_MAX);
  return { limit, within, delay };
}

/** The restarts of one group so far. */
export class Restarts {
  readonly rule: RestartRule;
  /** When each shard was started again, within the time that counts. */
  readonly #times = new Map<number, number[]>();

  constructor(rule: RestartRule) {
    this.rule = rule;
  }

  /** Milliseconds until this shard may be started again, which then counts; undefined when it has been too often. */
  next(shard: number, now = performance.now()): number | undefined {
    const { limit, within, delay } = this.rule;
    const recent = (this.#times.get(shard) ?? []).filter((time) => now - time < within);
    this.#times.set(shard, recent);
    if (recent.length >= limit) return undefined;
    recent.push(now);
    return Math.min(delay * 2 ** (recent.length - 1), DELAY_MAX);
  }
}
