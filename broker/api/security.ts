// Logins, and access lists, of which this broker has none: clients are told so.
import { errorCodes } from '../protocol/error-codes.js';
import { saslAuthenticate as authenticateLayout, saslHandshake as handshakeLayout } from '../protocol/layouts/cluster.js';
import { createAcls as createLayout, deleteAcls as deleteLayout, describeAcls as describeLayout } from '../protocol/layouts/security.js';
import { LoginError, LoginOrderError } from '../security/exchange.js';
import { Login } from '../security/login.js';
import { implement } from './api.js';

const refusal = { errorCode: errorCodes.SECURITY_DISABLED, errorMessage: 'this broker has no access lists' };

export const describeAcls = implement(describeLayout, () => ({ ...refusal, resources: [] }));

export const createAcls = implement(createLayout, ({ creations }) => ({ results: creations.map(() => refusal) }));

export const deleteAcls = implement(deleteLayout, ({ filters }) => ({ filterResults: filters.map(() => ({ ...refusal, matchingAcls: [] })) }));

export const saslHandshake = implement(handshakeLayout, ({ mechanism }, { login, version }) => {
  const illegal = { errorCode: errorCodes.ILLEGAL_SASL_STATE, mechanisms: [] };
  if (login === undefined) return illegal;
  const mechanisms = [...Login.mechanisms];
  try {
    return { errorCode: login.begin(mechanism, version) ? errorCodes.NONE : errorCodes.UNSUPPORTED_SASL_MECHANISM, mechanisms };
  } catch (error) {
    if (error instanceof LoginOrderError) return illegal;
    throw error;
  }
});

export const saslAuthenticate = implement(authenticateLayout, async ({ authBytes }, { login }) => {
  if (login === undefined) return refused(errorCodes.ILLEGAL_SASL_STATE, 'there is nothing to log in for');
  try {
    return { errorCode: errorCodes.NONE, errorMessage: null, authBytes: await login.next(Buffer.from(authBytes)) };
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    const isOutOfOrder = error instanceof LoginOrderError;
    return refused(isOutOfOrder ? errorCodes.ILLEGAL_SASL_STATE : errorCodes.SASL_AUTHENTICATION_FAILED, error.message);
  }
});

function refused(errorCode: number, errorMessage: string) {
  return { errorCode, errorMessage, authBytes: Buffer.alloc(0) };
}
