import { Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { Clock, Tracing } from '@sallyport/platform';
import { SandboxThread, type SandboxAnswer } from './sandbox-thread.js';

export interface ExpressionClaims {
  user: object;
  device: object;
  system: object;
}

export interface CriteriaScript {
  name: string;
  expression: string;
}

export interface EvaluationOptions {
  /** The instant the expression sees as now; the server's clock unless given. */
  at?: Date;
  /** A try-out (`/conditions/test`): it runs on a thread of its own, so that no number of them delays a sign-in. */
  trial?: boolean;
  /** Objects of the claims, each as the names that lead to it: whether one is read, or the time, is told as `looked`. */
  watched?: readonly (readonly string[])[];
}

export interface ExpressionResult {
  /** True only when the expression returned boolean true. */
  matched: boolean;
  /** What `console.log` and `print` wrote, one line each, at most 16 384 characters. */
  output: string;
  /** Why there is no boolean: absent when the expression returned true or false. */
  error?: string;
  /** Whether the expression may have read what was watched, where anything was. */
  looked?: boolean;
  /** Whole milliseconds. */
  executionMs: number;
}

export interface ScriptResult extends Omit<ExpressionResult, 'matched'> {
  /** The object the script returned, as JSON keeps it and without `__proto__` keys; null when there is an `error`. */
  value: Record<string, unknown> | null;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/**
 * Runs policy expressions and scripts (appgate.md §5.4, §6.1, §6.2) where they reach nothing: QuickJS in WebAssembly on a
 * thread of its own, a fresh engine and fresh claims each time, 100 ms and 32 MiB (S52). The server's event loop never
 * waits for one. There is no cache: the engine offers no way to keep compiled code.
 */
@Injectable()
export class ExpressionSandbox implements OnApplicationShutdown {
  private readonly signInThread = new SandboxThread();
  private readonly trialThread = new SandboxThread();

  constructor(
    private readonly clock: Clock,
    @Optional() private readonly tracing?: Tracing,
  ) {}

  /**
   * @param expression the body of a JavaScript function; `claims` is in scope
   * @param claims anything JSON keeps
   * @param criteriaScripts callable as `name(claims)` where the name is an identifier and not one of the language's own
   * @throws DomainError unavailable, when no sandbox can be started; never for what an expression does
   */
  async evaluate(
    expression: string,
    claims: ExpressionClaims,
    criteriaScripts: readonly CriteriaScript[] = [],
    options: EvaluationOptions = {},
  ): Promise<ExpressionResult> {
    const scripts = criteriaScripts.filter((script) => IDENTIFIER.test(script.name));
    const { watched } = options;
    const request = JSON.stringify({ returns: 'boolean', expression, claims, scripts, watched });
    const answer = await this.ask(request, options);
    return { matched: answer.value === true, ...rest(answer, watched) };
  }

  /** Runs a user script, the body of a function that returns an object. In and out as `evaluate`. */
  async run(
    expression: string,
    claims: ExpressionClaims,
    options: EvaluationOptions = {},
  ): Promise<ScriptResult> {
    const { watched } = options;
    const request = JSON.stringify({ returns: 'object', expression, claims, scripts: [], watched });
    const answer = await this.ask(request, options);
    return { value: (answer.value ?? null) as ScriptResult['value'], ...rest(answer, watched) };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.signInThread.stop(), this.trialThread.stop()]);
  }

  private ask(request: string, { at, trial }: EvaluationOptions): Promise<SandboxAnswer> {
    const thread = trial ? this.trialThread : this.signInThread;
    const evaluate = () => thread.evaluate({ request, now: (at ?? this.clock.now()).getTime() });
    if (this.tracing === undefined) return evaluate();
    return this.tracing.run(() => ({ name: 'sandbox', kind: 'internal' }), evaluate);
  }
}

function rest(
  answer: SandboxAnswer,
  watched: EvaluationOptions['watched'],
): Omit<ExpressionResult, 'matched'> {
  const { output, error, looked = true } = answer;
  const executionMs = Math.round(answer.executionMs);
  return {
    output,
    executionMs,
    ...(error !== undefined && { error }),
    ...(watched !== undefined && { looked }),
  };
}
