// Requests that name something twice are refused for that: which of the two should hold, nobody knows.

/** The items that occur more than once. */
export function repeatsIn<T>(items: readonly T[]): ReadonlySet<T> {
  const seen = new Set<T>();
  return new Set(items.filter((item) => seen.size === seen.add(item).size));
}
