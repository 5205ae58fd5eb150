import { InvalidArgumentError } from 'commander';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

/** @throws InvalidArgumentError for what is no RFC 3339 time. */
export function timeOf(text: string): Date {
  const time = TIME.test(text) ? new Date(text) : null;
  if (time === null || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('It must be a time such as 2026-11-22T08:00:00Z.');
  return time;
}

/** @throws InvalidArgumentError for what is no whole number. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** @throws InvalidArgumentError for what says nothing. */
export function someText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be blank.');
  return text;
}

/** @throws InvalidArgumentError for any other format. */
export function jsonlOrCsv(text: string): 'jsonl' | 'csv' {
  if (text !== 'jsonl' && text !== 'csv') throw new InvalidArgumentError('It must be jsonl or csv.');
  return text;
}
