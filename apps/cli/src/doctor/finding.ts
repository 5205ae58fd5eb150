/** What a check found. */
export interface Finding {
  check: string;
  state: 'ok' | 'warning' | 'wrong';
  message: string;
  /** What to do; absent where nothing is to be done. */
  remedy?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, state: 'ok', message };
}

export function warning(check: string, message: string, remedy: string): Finding {
  return { check, state: 'warning', message, remedy };
}

export function wrong(check: string, message: string, remedy: string): Finding {
  return { check, state: 'wrong', message, remedy };
}
