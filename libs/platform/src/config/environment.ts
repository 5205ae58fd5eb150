import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads settings from the environment and remembers everything that is wrong, so that one start tells all. */
export class EnvironmentReader {
  readonly problems: { setting: string; problem: string }[] = [];

  private readonly asked = new Set<string>();

  constructor(private readonly environment: Environment) {}

  /** An empty value counts as absent: compose files write `NAME=`. */
  text(name: string): string | null {
    this.asked.add(name);
    return this.environment[name] || null;
  }

  /** A secret: from NAME, or from the file that NAME_FILE names (one trailing newline is dropped). */
  secret(name: string): string | null {
    const file = this.text(`${name}_FILE`);
    const direct = this.text(name);
    if (file === null) return direct;
    if (direct !== null) return this.refuse(name, `give either ${name} or ${name}_FILE, not both`);
    try {
      const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      return content === '' ? this.refuse(`${name}_FILE`, 'the file is empty') : content;
    } catch {
      return this.refuse(`${name}_FILE`, 'the file cannot be read');
    }
  }

  port(name: string, fallback: number | null): number | null {
    const value = this.text(name);
    if (value === null) return fallback;
    if (value === 'off') return null;
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return Number(value);
    return this.refuse(name, 'must be a port number from 0 to 65535, or off');
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name);
    if (value === null) return fallback;
    if (/^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    this.refuse(name, `must be a whole number from ${least} to ${most}`);
    return fallback;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.text(name);
    if (value === null) return fallback;
    const known = allowed.find((candidate) => candidate === value);
    if (known !== undefined) return known;
    this.refuse(name, `must be one of ${allowed.join(', ')}`);
    return fallback;
  }

  list(name: string): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  /** Whatever begins like a setting of ours and was not asked for: a misspelt setting would otherwise leave a door open in silence (S97). */
  refuseUnknown(prefix: string): void {
    for (const name of Object.keys(this.environment))
      if (name.startsWith(prefix) && !this.asked.has(name)) this.refuse(name, 'is not a setting');
  }

  refuse(setting: string, problem: string): null {
    this.problems.push({ setting, problem });
    return null;
  }
}
