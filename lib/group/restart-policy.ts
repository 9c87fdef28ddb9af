// Whether a shard that ended by itself is started again, and how soon: a budget of restarts for each shard of a group.
import { checkInteger, checkNames, invalidType } from '../base/arguments.js';
import { now } from '../base/timers.js';

/** How often, and how soon, a shard that ended by itself is started again. */
export interface RestartOptions {
  /** Restarts of one shard within `within`, 1 to 1 000 000. A shard that ends once more stays gone. Default 5. */
  limit?: number;
  /** Milliseconds, 1 to 2 147 483 647. Default 60 000. */
  within?: number;
  /** Milliseconds before a restart, 0 to 60 000; they double with each restart within `within`. Default 100. */
  delay?: number;
}

export type RestartRule = Required<RestartOptions>;

const MS_MAX = 2 ** 31 - 1;
const DELAY_MAX = 60_000;

/** The rule that the option asks for; undefined when shards that end stay gone. */
export function restartRule(restart: boolean | RestartOptions | undefined): RestartRule | undefined {
  if (restart === undefined || restart === false) return undefined;
  if (restart !== true && (typeof restart !== 'object' || restart === null)) throw invalidType('options.restart', 'a boolean or an object', restart);
  if (restart !== true) checkNames('options.restart', restart, ['limit', 'within', 'delay']);
  const { limit = 5, within = 60_000, delay = 100 } = restart === true ? {} : restart;
  checkInteger('options.restart.limit', limit, 1, 1_000_000);
  checkInteger('options.restart.within', within, 1, MS_MAX);
  checkInteger('options.restart.delay', delay, 0, DELAY_MAX);
  return { limit, within, delay };
}

/** The restarts of one group so far. */
export class Restarts {
  readonly rule: RestartRule;
  /** Times of the recent restarts of each shard, in milliseconds. */
  readonly #times = new Map<number, number[]>();

  constructor(rule: RestartRule) {
    this.rule = rule;
  }

  /** Milliseconds until this shard may be started again, which is counted as a restart; undefined when it has been started too often. */
  next(shard: number, at = now()): number | undefined {
    const { limit, within, delay } = this.rule;
    const recent = (this.#times.get(shard) ?? []).filter((time) => at - time < within);
    this.#times.set(shard, recent);
    if (recent.length >= limit) return undefined;
    recent.push(at);
    return Math.min(delay * 2 ** (recent.length - 1), DELAY_MAX);
  }
}
