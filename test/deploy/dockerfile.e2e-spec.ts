import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { MALLOC_SETTINGS, NODE_FLAGS } from '../../tools/node-command.ts';
import { BuildContext, readDockerfile, type Step } from '../support/dockerfile.js';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const stages = readDockerfile(text);
const last = stages.at(-1)!;
const steps = (instruction: string): Step[] => last.steps.filter((step) => step.instruction === instruction);

/** Beside what dockerfile-utils knows to be wrong, the rules of this house; where no engine runs, nothing else would notice. */
describe('the Dockerfile', () => {
  it('S97 has nothing a linter complains of', () => {
    const problems = validate(text).map(({ message, range }) => [range.start.line + 1, message]);
    expect(problems).toEqual([]);
  });

  it('S97 begins every stage with an image of a written-out version, another stage, or nothing', () => {
    for (const { from } of stages)
      expect(from).toMatch(/^(scratch|[\w./-]+:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?)$/);
    expect(text).not.toMatch(/:latest\b/);
  });

  it('S97 builds on the Node that the project is pinned to', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>;
    };
    for (const { from } of stages.slice(0, -1)) expect(from).toContain(`node:${devDependencies['node']}-`);
  });

  it('S97 installs from the lock file and runs no install script', () => {
    const runs = stages.flatMap((stage) => stage.steps.filter((step) => step.instruction === 'RUN'));
    const installs = runs
      .map(({ rest }) => rest)
      .filter((rest) => /\b(npm|npx|yarn|pnpm|corepack)\b/.test(rest));
    expect(installs).not.toEqual([]);
    for (const command of installs) expect(command).toMatch(/^npm ci .*--ignore-scripts\b/);
    expect(runs.filter(({ rest }) => /\b(curl|wget|apt|apt-get|apk|sudo|chmod 777)\b/.test(rest))).toEqual(
      [],
    );
  });

  it('S97 runs nothing in the last stage and adds nothing from elsewhere: it is copied together', () => {
    expect(last.from).toBe('scratch');
    expect(steps('RUN')).toEqual([]);
    expect(stages.flatMap((stage) => stage.steps.filter((step) => step.instruction === 'ADD'))).toEqual([]);
  });

  it('S97 runs as a numbered user, not as root', () => {
    expect(steps('USER').map(({ rest }) => rest)).toEqual(['10001:10001']);
  });

  it('S97 starts and looks after the server without a shell', () => {
    for (const { rest } of [...steps('CMD'), ...steps('HEALTHCHECK')])
      expect((JSON.parse(rest.replace(/^CMD /, '')) as string[]).join(' ')).toMatch(
        /^node (--[\w=-]+ )*\S+\.m?js$/,
      );
    expect([steps('CMD').length, steps('HEALTHCHECK').length, steps('ENTRYPOINT').length]).toEqual([1, 1, 0]);
  });

  it('runs Node with the limits it has elsewhere', () => {
    const [command] = steps('CMD').map(({ rest }) => JSON.parse(rest) as string[]);
    expect(command).toEqual(['node', ...NODE_FLAGS, 'dist/bundle/server.js']);
    for (const [name, value] of Object.entries(MALLOC_SETTINGS))
      expect(steps('ENV')[0]!.rest).toMatch(new RegExp(`(^| )${name}=${value}( |$)`));
  });

  it('S97 is in production mode and holds no secret', () => {
    const environment = steps('ENV')
      .map(({ rest }) => rest)
      .join(' ');
    expect(environment).toContain('NODE_ENV=production');
    expect(environment).toContain('PORT=off');
    expect(text).not.toMatch(/PASSWORD|SECRET|TOKEN|MASTER_KEY/);
  });

  it('S97 lets nothing into the build but what it copies', () => {
    const context = new BuildContext(ROOT);
    const copied = stages.flatMap((stage) =>
      stage.steps
        .filter((step) => step.instruction === 'COPY' && step.flags['from'] === undefined)
        .flatMap((step) => step.rest.split(' ').slice(0, -1)),
    );
    for (const source of copied) expect(context.files(source).length, source).toBeGreaterThan(0);
    for (const kept of [
      '.env',
      '.git/config',
      'data/master.key',
      'data/bootstrap.json',
      'node_modules/pg/package.json',
    ])
      expect([kept, context.holds(kept)]).toEqual([kept, false]);
    for (const test of ['test/support/sallyport.ts', 'libs/platform/src/clock.spec.ts', 'docker-compose.yml'])
      expect([test, context.holds(test)]).toEqual([test, false]);
  });
});
