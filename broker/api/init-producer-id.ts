// InitProducerId: ids for idempotent producers. There are no transactions.
import { errorCodes } from '../protocol/error-codes.js';
import { initProducerId as layout } from '../protocol/layouts/data.js';
import { implement } from './api.js';

export const initProducerId = implement(layout, async ({ transactionalId }, { services }) => {
  if (transactionalId !== null) return { errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, producerEpoch: -1 };
  // The id that a request names counts for transactions alone: @platformatic/kafka names id 0, whoever has it.
  return { errorCode: errorCodes.NONE, producerId: await services.admin.nextProducerId(), producerEpoch: 0 };
});
