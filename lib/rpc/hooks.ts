// Methods of a service that belong to its group: it calls them at the right time, and other shards cannot.
import { typeError } from '../base/arguments.js';

const HOOKS: ReadonlySet<string> = new Set(['close', 'connection']);

export function isHook(method: string): boolean {
  return HOOKS.has(method);
}

export function hookCalled(method: string): TypeError {
  return typeError(`the method '${method}' of a service is called by its group alone (see serve): serve a method with another name for other shards`);
}
