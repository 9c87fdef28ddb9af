// How this thread shows bytes to JavaScript; buffer/views.ts describes the modes.
import { native } from '../native/binding.js';
import { state } from './state.js';

export type ViewMode = 'shared' | 'checked' | 'copied';

/** Called once per thread, before the first view. Where external ArrayBuffers are forbidden, views are copies whatever is wanted. */
export function chooseViews(wanted: ViewMode): void {
  state.viewMode = native.externalBuffers() ? wanted : 'copied';
}

export function viewMode(): ViewMode {
  return state.viewMode;
}
