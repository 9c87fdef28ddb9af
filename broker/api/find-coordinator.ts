// FindCoordinator: this broker coordinates all groups.
import { errorCodes } from '../protocol/error-codes.js';
import { findCoordinator as layout } from '../protocol/layouts/groups.js';
import { implement } from './api.js';

const GROUP = 0;
/** First version that asks for many keys. */
const MANY_SINCE = 4;

export const findCoordinator = implement(layout, ({ key, keyType, coordinatorKeys }, { version, services }) => {
  const { nodeId, host, port } = services.facts;
  const answers = (version >= MANY_SINCE ? coordinatorKeys : [key]).map((name) => {
    const [errorCode, errorMessage] = refusalOf(name, keyType);
    if (errorCode !== errorCodes.NONE) return { key: name, errorCode, errorMessage, nodeId: -1, host: '', port: -1 };
    return { key: name, errorCode, errorMessage, nodeId, host, port };
  });
  return { ...answers[0]!, coordinators: answers };
});

function refusalOf(name: string, keyType: number): [number, string | null] {
  if (keyType !== GROUP) return [errorCodes.INVALID_REQUEST, 'this broker has no transactions'];
  return name === '' ? [errorCodes.INVALID_GROUP_ID, 'the id of the group must not be empty'] : [errorCodes.NONE, null];
}
