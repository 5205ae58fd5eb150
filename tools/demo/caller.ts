import { STATUS_CODES } from 'node:http';
import { showAnswer, showRequest, showStep } from './shown.ts';

export interface Call {
  step: string;
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** The status the story goes on with. */
  expect: number;
  headers?: Record<string, string>;
  body?: object;
}

/** Sends requests and shows them with their answers. */
export class Caller {
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @returns the answer's body. @throws Error when the status is not the expected one. */
  async call<Answer = unknown>({ step, method, path, expect, headers = {}, body }: Call): Promise<Answer> {
    showStep(step);
    showRequest(method, path, headers, body);
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    const answer = text === '' ? undefined : JSON.parse(text);
    showAnswer(response.status, STATUS_CODES[response.status] ?? '', withoutNothing(answer));
    if (response.status !== expect)
      throw new Error(`${method} ${path} answered ${response.status}, not ${expect}.`);
    return answer as Answer;
  }
}

/** For people: fields that say nothing (null, "", false, 0, empty) are not shown. The wire has them all. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  const shown = Object.entries(value)
    .filter(([key]) => key !== 'request_id')
    .map(([key, part]) => [key, withoutNothing(part)] as const)
    .filter(([key, part]) => key === 'needTwoFactorAuth' || !isNothing(part));
  return Object.fromEntries(shown);
}

function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === '' || value === false || value === 0;
}
