/** A setting that stops the start. Names the setting and the rule, never the value (it may be a secret). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: { setting: string; problem: string }[]) {
    super(problems.map(({ setting, problem }) => `${setting}: ${problem}`).join('\n'));
  }
}
