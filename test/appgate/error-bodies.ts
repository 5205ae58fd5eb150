/** The error bodies of appgate.md §1.4, as the contract writes them. */
export const NO_TOKEN = {
  id: 'unauthorized',
  message: 'The token is missing, invalid or expired. Sign in again.',
};
export const WRONG_PASSWORD = {
  id: 'unauthorized',
  message: 'Invalid username or password.',
  failureType: 'Login',
  reason: 'Invalid username or password.',
};
export const WRONG_OTP = {
  id: 'unauthorized',
  message: 'Invalid one-time password. Please make sure the time on your device is correct.',
  failureType: 'Mfa',
  reason: 'Invalid one-time password. Please make sure the time on your device is correct.',
};
export const NOT_PENDING = {
  id: 'unauthorized',
  message: 'Multi-factor authentication is not pending for this token.',
  failureType: 'Mfa',
};
export const SILENT = {
  id: 'unauthorized',
  message: 'The MFA provider did not respond.',
  failureType: 'Mfa',
};
export const NOT_JSON = { id: 'bad request', message: 'The request body is not valid JSON.' };
export const FORBIDDEN = { id: 'forbidden', message: "You don't have permission to access this resource." };
export const NO_RIGHTS = { id: 'forbidden', message: 'No administration rights.' };
export const BUILT_IN = { id: 'forbidden', message: 'Built-in objects cannot be deleted.' };
export const NOT_FOUND = { id: 'not found', message: 'The requested resource was not found.' };
export const NOT_ALLOWED = {
  id: 'method not allowed',
  message: 'The method is not allowed for this resource.',
};
export const CONFLICT = { id: 'conflict', message: 'An object with the same id or name already exists.' };
export const LAST_ADMINISTRATOR = { id: 'conflict', message: 'A full administrator must remain.' };
export const TOO_LARGE = { id: 'payload too large', message: 'The request body is too large.' };
export const THROTTLED = { id: 'too many requests', message: 'Too many failed attempts. Try again later.' };

export function notAcceptable(received: string): object {
  return {
    id: 'not acceptable',
    message: `Invalid 'Accept' header. Current version: application/vnd.appgate.peer-v23+json, Received: ${received}`,
    minSupportedVersion: 17,
    maxSupportedVersion: 23,
  };
}

export function factorOwed(username: string): object {
  return {
    id: 'precondition failed',
    message: 'Administrative authorization requires two-factor authentication.',
    otpRequired: true,
    username,
  };
}

/** `problems`: field, message, field, message … */
export function notValid(...problems: string[]): object {
  const errors = problems.flatMap((field, index) =>
    index % 2 === 0 ? [{ field, message: problems[index + 1] }] : [],
  );
  return { id: 'unprocessable entity', message: 'The request is not valid.', errors };
}
