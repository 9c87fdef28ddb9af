// The entry `corebuf/inspector`. Programs that do not call it load neither node:http nor the page.
import './index.js';

export type { InspectOptions, Inspector } from './inspector/inspect.js';
export { inspect } from './inspector/inspect.js';
export type { InspectedAppender, InspectedIoClass, InspectedShard, InspectedStall, InspectorSample } from './inspector/sample-types.js';
