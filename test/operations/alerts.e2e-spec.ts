import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { Scrape } from '../support/scrape.js';
import { send } from '../support/send.js';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const ALERTS = join(DEPLOY, 'prometheus/alerts.yml');

interface Rule {
  alert: string;
  expr: string;
}

const rules = (parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(readFileSync(join(DEPLOY, 'grafana/dashboards/sallyport.json'), 'utf8'));
const ofRules = rules.map(({ expr }) => expr);
const ofPanels: string[] = dashboard.panels.flatMap(({ targets = [] }: any) =>
  targets.map(({ expr }: any) => expr as string),
);

const OURS = /\b(?:sallyport|process|nodejs)_[a-z0-9_]+/g;
/** What Prometheus adds to every sample, and what a histogram has. */
const ADDED = ['instance', 'job', 'le'];

function metricsIn(expressions: string[]): string[] {
  const found = expressions.flatMap((expression) => expression.match(OURS) ?? []);
  return [...new Set(found.map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
}

/** Label names in `{…}`, `by (…)` and `on (…)`. */
function labelsIn(expression: string): string[] {
  const selectors = [...expression.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside]) =>
    [...inside!.matchAll(/([a-z_]+)\s*(?:=~|!=|!~|=)/g)].map(([, label]) => label!),
  );
  const grouped = [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, inside]) =>
    inside!.split(',').map((label) => label.trim()),
  );
  return [...selectors, ...grouped];
}

describe('the dashboard and the alert rules', () => {
  let server: Sallyport;
  let known: Set<string>;
  beforeAll(async () => {
    server = await startSallyport({ settings: { METRICS_PORT: '0' } });
    known = (await Scrape.of(server)).names;
  });
  afterAll(() => server.stop());

  it('ask for nothing the server does not tell', () => {
    expect(metricsIn([...ofRules, ...ofPanels]).filter((name) => !known.has(name))).toEqual([]);
  });

  it('leave out nothing the server tells of itself', () => {
    const shown = metricsIn([...ofRules, ...ofPanels]);
    const own = [...known].filter((name) => name.startsWith('sallyport_'));
    expect(own.length).toBeGreaterThan(25);
    expect(own.filter((name) => !shown.includes(name))).toEqual([]);
  });

  it('name no label their metrics do not have', () => {
    const { registry } = server.app.get(Metrics, { strict: false });
    const labelsOf = (name: string) =>
      (registry.getSingleMetric(name) as unknown as { labelNames: string[] } | undefined)?.labelNames ?? [];
    for (const expression of [...ofRules, ...ofPanels]) {
      const having = [...metricsIn([expression]).flatMap(labelsOf), ...ADDED];
      const missing = labelsIn(expression).filter((label) => !having.includes(label));
      expect([expression, missing]).toEqual([expression, []]);
    }
  });

  it('S91 what machines ask for health counts as no answer to anybody', async () => {
    for (const path of ['readyz', 'v1/sys/health'])
      await send({ method: 'GET', url: `${server.url}/${path}` });
    const requests = Object.keys((await Scrape.of(server)).of('sallyport_http_requests_total'));
    const { expr } = rules.find(({ alert }) => alert === 'SallyportServerErrors')!;
    const selectors = expr.match(/sallyport_http_requests_total\b[^[]*/g) ?? [];
    expect(selectors).toHaveLength(2);
    for (const label of ['dialect="ops"', 'route="/v1/sys/health"']) {
      expect(requests.filter((labels) => labels.includes(label))).not.toEqual([]);
      for (const selector of selectors) expect(selector).toContain(label.replace('=', '!='));
    }
  });

  it('each panel has a title, a unit and a legend, and its own place', () => {
    const panels: any[] = dashboard.panels;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const places = panels.map(({ gridPos: { x, y } }) => `${x}/${y}`);
    expect(new Set(places).size).toBe(panels.length);
    for (const { type, title, targets, gridPos } of panels) {
      expect(title).not.toBe('');
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      if (type !== 'row')
        for (const { legendFormat } of targets) expect([title, legendFormat]).not.toContain('');
    }
  });

  it('every alert is told what it means in the manual', () => {
    const manual = readFileSync(join(DEPLOY, '../docs/operations.md'), 'utf8');
    for (const { alert } of rules) expect(manual).toContain(`\`${alert}\``);
  });
});

const promtool = spawnSync('promtool', ['--version']).status === 0;
if (!promtool) process.stdout.write('skipped: promtool is not here (Debian: prometheus)\n');

describe.skipIf(!promtool)('the alert rules, by promtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-alerts-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are fed by a scrape in the form Prometheus wants', async () => {
    const server = await startSallyport({ settings: { METRICS_PORT: '0' } });
    const { text } = await Scrape.of(server);
    await server.stop();
    const told = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(told.stderr.split('\n').filter((line) => line.includes('sallyport_'))).toEqual([]);
  });

  it('can be read by Prometheus', () => {
    expect(execFileSync('promtool', ['check', 'rules', ALERTS]).toString()).toContain(
      `${rules.length} rules found`,
    );
  });

  /** A sample every 15 s, and which alert it raises after so many minutes. */
  it.each([
    ['SallyportSealLag', 'sallyport_audit_seal_lag_seconds', 60, 61],
    ['SallyportKeyOverdue', 'sallyport_keys_overdue{kind="data key"}', 0, 1],
    ['SallyportClockDrift', 'sallyport_clock_drift_seconds', -2, -2.1],
    ['SallyportClockWrong', 'sallyport_clock_drift_seconds', 5, 5.1],
    ['SallyportNotReady', 'sallyport_ready', 1, 0],
    ['SallyportSinkBehind', 'sallyport_audit_sink_lag_seconds{sink="webhook"}', 300, 301],
    ['SallyportDown', 'up{job="sallyport"}', 1, 0],
  ])('S71 S75 S93 %s is raised by %s above %d', (alert, series, quiet, loud) => {
    for (const [value, raised] of [
      [quiet, 0],
      [loud, 1],
    ] as const) {
      const file = join(folder, 'test.yml');
      const test = {
        rule_files: [ALERTS],
        evaluation_interval: '15s',
        tests: [
          {
            interval: '15s',
            input_series: [{ series, values: `${value}x40` }],
            promql_expr_test: [
              {
                expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
                eval_time: '5m',
                exp_samples: [{ labels: '{}', value: raised }],
              },
            ],
          },
        ],
      };
      writeFileSync(file, stringify(test));
      const told = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
      expect(`${told.stdout}${told.stderr}`).toContain('SUCCESS');
    }
  });
});
