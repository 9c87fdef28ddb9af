// The method of a service to which its group gives connections: others could only call it with something else.
import { typeError } from '../base/arguments.js';

export function isHook(method: string): boolean {
  return method === 'connection';
}

export function hookCalled(method: string): TypeError {
  return typeError(`the method '${method}' of a service is called by its group alone (see ShardGroup.listen): serve a method with another name for other shards`);
}
