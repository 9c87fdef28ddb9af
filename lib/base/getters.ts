// Getters of the classes of the runtime. A program may define a property of the same name on an object; these getters do not see it.

/** The getter of the property `name` that `prototype` has. Call it on objects of that class: for others it throws a TypeError. */
export function getterOf(prototype: object, name: string): (this: unknown) => unknown {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is only ever called on an object of the class
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!;
}
