// ApiVersions: what is offered. It is the first request of most clients, and answered in every version that one may try.
import type { IoBuf } from 'corebuf';
import { errorCodes } from '../protocol/error-codes.js';
import { apiVersions as layout } from '../protocol/layouts/cluster.js';
import { answerFrame } from '../protocol/messages.js';
import type { RequestHeader } from '../protocol/messages.js';
import { implement } from './api.js';
import type { AnyApi } from './api.js';

const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
/** First version in which clients name themselves. */
const NAMED_SINCE = 3;

interface Range {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** ApiVersions for a broker that offers `others` and ApiVersions itself. */
export function apiVersionsOf(others: readonly AnyApi[]): AnyApi {
  const api: AnyApi = implement(layout, ({ clientSoftwareName, clientSoftwareVersion }, { version }) => {
    const isNamed = SOFTWARE.test(clientSoftwareName) && SOFTWARE.test(clientSoftwareVersion);
    if (version >= NAMED_SINCE && !isNamed) return { errorCode: errorCodes.INVALID_REQUEST, apiKeys: [] };
    return { errorCode: errorCodes.NONE, apiKeys: [...others, api].map(rangeOf).sort((a, b) => a.apiKey - b.apiKey) };
  });
  return api;
}

/** The answer to a version of ApiVersions that is too new: the client can read it whatever its version, and asks again. */
export function tooNew({ correlationId }: RequestHeader): IoBuf {
  const [minVersion, maxVersion] = layout.versions;
  const apiKeys = [{ apiKey: layout.key, minVersion, maxVersion }];
  return answerFrame(layout, 0, correlationId, { errorCode: errorCodes.UNSUPPORTED_VERSION, apiKeys });
}

function rangeOf({ layout: { key }, versions: [minVersion, maxVersion] }: AnyApi): Range {
  return { apiKey: key, minVersion, maxVersion };
}
