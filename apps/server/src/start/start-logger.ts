import { ConsoleLogger } from '@nestjs/common';
import { currentAct, type LogLevel } from '@sallyport/platform';
import type { Welcome } from './welcome.js';

/** What the framework tells of its own wiring at each start: of use to nobody who runs the server. */
const CHATTER = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'NestFactory',
  'NestApplication',
]);

const LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;
const SHOWN: Record<LogLevel, number> = {
  silent: 0,
  fatal: 1,
  error: 2,
  warn: 3,
  info: 4,
  debug: 5,
  trace: 6,
};

/** What the framework calls levels otherwise than SALLYPORT_LOG_LEVEL. */
const NAMES: Record<string, string> = { log: 'info', verbose: 'trace' };

/** All of it on standard output. One JSON object a line; readable lines in a terminal. A line that belongs to a request names it, and its trace where it is traced. */
export class StartLogger extends ConsoleLogger {
  private readonly json: boolean;

  constructor(level: LogLevel) {
    const json = !process.stdout.isTTY;
    super({ json, logLevels: LEVELS.slice(0, SHOWN[level]) });
    this.json = json;
  }

  /** Whoever waits for the server waits for this: it is written at every level. */
  greet(welcome: Welcome): void {
    if (this.json) this.printMessages([welcome.line], 'Start');
    else process.stdout.write(welcome.banner);
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context: unknown = rest.at(-1);
    if (typeof context === 'string' && CHATTER.has(context)) return;
    super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    // The framework writes down what it throws while it starts; whoever started it says so, once.
    if (!(message instanceof Error)) super.error(message, ...rest);
  }

  protected override getJsonLogObject(
    ...[message, options]: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const line = super.getJsonLogObject(message, options);
    return { ...line, level: NAMES[line.level] ?? line.level, ...belonging() } as typeof line;
  }

  protected override printMessages(
    ...[messages, context, level, , ...rest]: Parameters<ConsoleLogger['printMessages']>
  ): void {
    super.printMessages(messages, context, level, 'stdout', ...rest);
  }

  protected override printStackTrace(stack: string): void {
    if (stack && !this.json) process.stdout.write(`${stack}\n`);
  }

  protected override formatMessage(...parts: Parameters<ConsoleLogger['formatMessage']>): string {
    const line = super.formatMessage(...parts);
    const belongs = Object.values(belonging());
    return belongs.length === 0 ? line : `${line.trimEnd()} (${belongs.join(', ')})\n`;
  }
}

/** The request that is being answered. */
function belonging(): { requestId?: string; traceId?: string } {
  const act = currentAct();
  if (act === undefined) return {};
  const { requestId, span } = act;
  return span === null ? { requestId } : { requestId, traceId: span.spanContext().traceId };
}
