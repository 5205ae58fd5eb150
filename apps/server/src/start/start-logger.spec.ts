import { inAct } from '@sallyport/platform';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StartLogger } from './start-logger.js';
import type { Welcome } from './welcome.js';

/** What is written meanwhile, where standard output is a terminal or not. */
function written(terminal: boolean, write: (logger: StartLogger) => void): string {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
  Object.defineProperty(process.stdout, 'isTTY', { value: terminal, configurable: true });
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    write(new StartLogger('debug'));
  } finally {
    vi.restoreAllMocks();
    if (before === undefined) Reflect.deleteProperty(process.stdout, 'isTTY');
    else Object.defineProperty(process.stdout, 'isTTY', before);
  }
  return text;
}

afterEach(() => {
  vi.restoreAllMocks();
});

const ACT = { requestId: 'request-1', dialect: 'vault', span: null };
const span = { spanContext: () => ({ traceId: 'trace-1' }) } as never;

describe('the log', () => {
  it('is one JSON object a line where nobody watches', () => {
    const lines = written(false, (logger) => {
      logger.log('one', 'Start');
      logger.warn('two\nlines', 'Start');
    }).split('\n');
    expect(lines.slice(0, 2).map((line) => JSON.parse(line))).toEqual([
      { level: 'info', pid: process.pid, timestamp: expect.any(Number), message: 'one', context: 'Start' },
      {
        level: 'warn',
        pid: process.pid,
        timestamp: expect.any(Number),
        message: 'two\nlines',
        context: 'Start',
      },
    ]);
    expect(lines.slice(2)).toEqual(['']);
  });

  it('goes to standard output whole, under the levels SALLYPORT_LOG_LEVEL has', () => {
    const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const lines = written(false, (logger) => {
      logger.error('one', 'at line 1', 'Start');
      logger.fatal('two', 'Start');
      logger.setLogLevels(['verbose']);
      logger.verbose('three', 'Start');
    });
    expect(lines.match(/"level":"\w+"/g)).toEqual(['"level":"error"', '"level":"fatal"', '"level":"trace"']);
    const readable = written(true, (logger) => logger.error('one', 'at line 1', 'Start'));
    expect(readable).toMatch(/one[^]*at line 1\n$/);
    expect(errors).not.toHaveBeenCalled();
  });

  it('greets in JSON where nobody watches, whatever its level', () => {
    const greeting = { line: 'it is up', banner: 'It is up.\n' } as Welcome;
    const text = written(false, (logger) => {
      logger.setLogLevels([]);
      logger.greet(greeting);
    });
    expect(JSON.parse(text)).toMatchObject({ level: 'info', message: 'it is up', context: 'Start' });
    expect(written(true, (logger) => logger.greet(greeting))).toBe('It is up.\n');
  });

  it('names the request and the trace a line belongs to, and none in the background', () => {
    const read = (act: object) =>
      JSON.parse(written(false, (logger) => inAct({ ...ACT, ...act }, () => logger.log('it', 'Start'))));
    expect(read({})).toMatchObject({ message: 'it', requestId: 'request-1' });
    expect(read({})).not.toHaveProperty('traceId');
    expect(read({ span })).toMatchObject({ requestId: 'request-1', traceId: 'trace-1' });
    expect(JSON.parse(written(false, (logger) => logger.log('it')))).not.toHaveProperty('requestId');
  });

  it('is made to be read in a terminal, with the same', () => {
    const line = written(true, (logger) => inAct({ ...ACT, span }, () => logger.log('it is up', 'Start')));
    expect(line).toContain('it is up');
    expect(line).toMatch(/\(request-1, trace-1\)\n$/);
    expect(() => JSON.parse(line) as unknown).toThrow();
  });

  it('leaves what a start throws to whoever ends with it', () => {
    expect(written(false, (logger) => logger.error(new Error('thrown'), 'Start'))).toBe('');
  });

  it('puts a text together only where its level is shown', () => {
    const put = vi.fn(() => 'text');
    written(false, (logger) => logger.verbose(put));
    expect(put).not.toHaveBeenCalled();
    expect(written(false, (logger) => logger.debug(put))).toContain('"text"');
  });
});
