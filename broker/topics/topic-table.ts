// The topics as this thread knows them. The list is a sharded value, which only the shard with index 0 replaces.
import { ShardedValue } from 'corebuf';
import type { Topic } from './topic.js';

export class TopicTable {
  readonly #value: ShardedValue<readonly Topic[]>;
  #version = -1;
  #byName = new Map<string, Topic>();
  #byId = new Map<string, Topic>();

  /** `broker` names one running broker: several may live in one process. */
  constructor(broker: string) {
    this.#value = ShardedValue.of<readonly Topic[]>(`corebuf-broker/${broker}/topics`, []);
  }

  all(): Iterable<Topic> {
    this.#refresh();
    return this.#byName.values();
  }

  byName(name: string): Topic | undefined {
    this.#refresh();
    return this.#byName.get(name);
  }

  byId(id: string): Topic | undefined {
    this.#refresh();
    return this.#byId.get(id);
  }

  /** Resolves when every shard has the new list. */
  replace(topics: readonly Topic[]): Promise<void> {
    return this.#value.set(topics);
  }

  #refresh(): void {
    if (this.#value.version === this.#version) return;
    this.#version = this.#value.version;
    this.#byName = new Map(this.#value.value.map((topic) => [topic.name, topic]));
    this.#byId = new Map(this.#value.value.map((topic) => [topic.id, topic]));
  }
}
