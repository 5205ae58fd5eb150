const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What `npm audit --json` found out: whether the registry was asked at all, and what counts. */
export type Advisories = { asked: false; reason: string } | { asked: true; found: string[]; lesser: number };

interface Vulnerability {
  name: string;
  severity: Severity;
  range: string;
  /** The advisories themselves, or the names of packages through which it is affected. */
  via: (string | { title: string; url: string })[];
}

/**
 * Reads the output of `npm audit --json`. An answer that is no report (a registry without the endpoint, no network, no npm) means
 * that nothing was asked, which is not the same as that nothing was found.
 * @param least advisories below this are counted only.
 */
export function readAdvisories(output: string, least: Severity): Advisories {
  const report = parse(output);
  if (report === null) return { asked: false, reason: firstLine(output) || 'npm audit said nothing' };
  if (report.vulnerabilities === undefined) {
    const reason = report.message ?? report.error?.summary ?? report.error?.code;
    return { asked: false, reason: firstLine(reason ?? '') || 'npm audit gave no report' };
  }
  const all = Object.values(report.vulnerabilities);
  const counting = all.filter(({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least));
  return { asked: true, found: counting.map(line), lesser: all.length - counting.length };
}

function parse(output: string): {
  vulnerabilities?: Record<string, Vulnerability>;
  message?: string;
  error?: { code?: string; summary?: string };
} | null {
  try {
    const report: unknown = JSON.parse(output);
    return typeof report === 'object' ? report : null;
  } catch {
    return null;
  }
}

function line({ name, severity, range, via }: Vulnerability): string {
  const reasons = via.map((one) => (typeof one === 'string' ? `by ${one}` : `${one.title} ${one.url}`));
  return `${severity}: ${name} ${range}: ${reasons.join('; ')}`;
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
