// One login of a client by one mechanism: messages of the client, and the broker's answers, until the client has proved who it is.

export interface Exchange {
  /** The answer to the next message of the client. @throws LoginError */
  next(message: Buffer): Buffer | Promise<Buffer>;
  /** Whether the client has proved who it is. */
  readonly isDone: boolean;
}

/** A login that failed. The message is the client's to read: it must not tell whether the name or the password was wrong. */
export class LoginError extends Error {}

/** A message that has no place in the login now. */
export class LoginOrderError extends LoginError {}

export function wrongCredentials(mechanism: string): LoginError {
  return new LoginError(`Authentication failed: wrong user or password for ${mechanism}`);
}
