// Objects that structuredClone() and postMessage() have to refuse, because their copy would be an object without bytes.
//
// A clone takes the own enumerable properties of an object, and fails with a DataCloneError at a value that is a symbol, whose text is then in
// the error. So each such object has a property with a symbol. It costs less than 1 ns for each object; Node's markAsUncloneable() costs 20 ns,
// and Node 20 has none.

/** The value of the property `uncloneable` of all objects of a class. `instead` says what to do. */
export function uncloneable(name: string, instead: string): symbol {
  return Symbol(`${name}: ${instead}`);
}
