import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ComposeService, composeText, readComposeFile } from '../support/compose-file.js';
import { build } from '../../tools/build.js';

const ROOT = join(import.meta.dirname, '../..');
const stack = readComposeFile();
const services = Object.entries(stack.services);
const ours = ({ image }: ComposeService) => image === 'sallyport:local';
/** Done when it ends. */
const isOneShot = ({ restart, healthcheck }: ComposeService) =>
  restart === 'no' && healthcheck?.disable === true;
/** Our image brings its own health check. */
const hasHealth = (service: ComposeService) =>
  service.healthcheck?.test !== undefined || (ours(service) && service.healthcheck === undefined);
const networksOf = ({ networks = [] }: ComposeService) =>
  Array.isArray(networks) ? networks : Object.keys(networks);
const addressOf = (name: string) => {
  const { networks } = stack.services[name]!;
  return Array.isArray(networks)
    ? undefined
    : (networks?.['proxy']?.ipv4_address ?? networks?.['tools']?.ipv4_address);
};

describe('the compose stack', () => {
  it('pins every image it does not build by a written-out version', () => {
    for (const [name, service] of services)
      if (!ours(service))
        expect([name, service.image]).toEqual([
          name,
          expect.stringMatching(/:v?\d+\.\d+(\.\d+)?([-@]\S+)?$/),
        ]);
  });

  it('builds its image once, in the service all others wait for, and fetches it from nowhere', () => {
    const building = services.filter(([, { build }]) => build !== undefined);
    expect(building.map(([name]) => name)).toEqual(['secrets']);
    const waits = (name: string): boolean =>
      name === 'secrets' || Object.keys(stack.services[name]!.depends_on ?? {}).some(waits);
    for (const [name, service] of services.filter(([, one]) => ours(one)))
      expect([name, service['pull_policy'], waits(name)]).toEqual([name, 'never', true]);
  });

  it('has the network with fixed addresses where Docker puts none by itself', () => {
    const [first, second] = stack.networks['proxy']!.ipam!.config[0]!.subnet.split('.').map(Number);
    const given = (first === 172 && second! >= 17 && second! <= 31) || (first === 192 && second === 168);
    expect([first, given]).toEqual([expect.any(Number), false]);
  });

  it('S97 runs every service as nobody, on a read-only file system, without capabilities', () => {
    for (const [name, service] of services) {
      expect([name, service['read_only'], service['cap_drop'], service['security_opt']]).toEqual([
        name,
        true,
        ['ALL'],
        ['no-new-privileges:true'],
      ]);
      expect([name, service.user]).toEqual([name, expect.stringMatching(/^[1-9]\d+:[1-9]\d+$/)]);
      for (const door of ['privileged', 'cap_add', 'pid', 'ipc', 'devices', 'userns_mode', 'network_mode'])
        if (!(door === 'network_mode' && service.network_mode === 'none'))
          expect([name, service[door]]).toEqual([name, undefined]);
    }
    expect(composeText).not.toContain('docker.sock');
  });

  it('looks after every service that stays', () => {
    for (const [name, service] of services) {
      expect([name, isOneShot(service) || hasHealth(service)]).toEqual([name, true]);
      if (!isOneShot(service)) expect([name, service.restart]).toEqual([name, 'unless-stopped']);
    }
  });

  it('starts each service after what it needs, in an order there is', () => {
    const started = new Set<string>();
    const needs = (service: ComposeService) => Object.entries(service.depends_on ?? {});
    for (const [name, service] of services)
      for (const [needed, { condition }] of needs(service)) {
        const other = stack.services[needed];
        expect(other, `${name} needs ${needed}`).toBeDefined();
        if (condition === 'service_healthy') expect([needed, hasHealth(other!)]).toEqual([needed, true]);
        else if (condition === 'service_completed_successfully')
          expect([needed, isOneShot(other!)]).toEqual([needed, true]);
        else expect(condition).toBe('service_started');
        // What is behind a profile is not there for those in front of it.
        if (service.profiles === undefined)
          expect([name, needed, other!.profiles]).toEqual([name, needed, undefined]);
      }
    for (let before = -1; before !== started.size;) {
      before = started.size;
      for (const [name, service] of services)
        if (needs(service).every(([needed]) => started.has(needed))) started.add(name);
    }
    expect([...started].toSorted()).toEqual(Object.keys(stack.services).toSorted());
  });

  it('declares every volume and network it uses, and uses every one it declares; what it mounts from the project is there', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
    const bound = mounts.filter((source) => source.startsWith('.'));
    for (const source of bound)
      expect([source, statSync(join(ROOT, source)).isDirectory()]).toEqual([source, true]);
    const named = new Set(mounts.filter((source) => !source.startsWith('.')));
    expect([...named].toSorted()).toEqual(Object.keys(stack.volumes).toSorted());
    const joined = new Set(services.flatMap(([, service]) => networksOf(service)));
    expect([...joined].toSorted()).toEqual(Object.keys(stack.networks).toSorted());
  });

  it('needs nothing to be set: every variable has a default', () => {
    expect(composeText.match(/\$\{?\w+(?!\w*:-)[^:\w]/g)).toBeNull();
    expect(composeText.match(/\$\{\w+:-[^}]+\}/g)!.length).toBeGreaterThan(5);
    // A setting of the server's is not read from the caller's environment by accident.
    expect(composeText).not.toMatch(/\$\{SALLYPORT_/);
  });

  it('S84 publishes TLS and the dashboards alone, and to this machine alone', () => {
    const published = services.filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
      ['nginx', ['127.0.0.1:8443:8443']],
      ['grafana', ['127.0.0.1:3000:3000']],
    ]);
    const outside = services.filter(([, service]) => networksOf(service).includes('outside'));
    expect(outside.map(([name]) => name)).toEqual(['nginx', 'grafana']);
    for (const [name, network] of Object.entries(stack.networks))
      expect([name, network?.internal ?? false]).toEqual([name, name !== 'outside']);
  });

  it('S67 shows each secret to those who need it, and lets nobody write but who makes them and who rotates keys', () => {
    const readers: Record<string, string[]> = {};
    for (const [name, { volumes = [] }] of services)
      for (const volume of volumes.filter((one) => one.includes('-secrets:'))) {
        const [source = '', , mode] = volume.split(':');
        (readers[source] ??= []).push(name);
        const writes = name === 'secrets' || (name === 'console' && source === 'server-secrets');
        expect([name, source, mode]).toEqual([name, source, writes ? undefined : 'ro']);
      }
    expect(readers).toEqual({
      'server-secrets': ['secrets', 'migrate', 'console', 'server-1', 'server-2'],
      'owner-secrets': ['secrets', 'migrate', 'console'],
      'postgres-secrets': ['secrets', 'postgres'],
      'proxy-secrets': ['secrets', 'nginx'],
      'radius-secrets': ['secrets', 'radius'],
      'grafana-secrets': ['secrets', 'grafana'],
    });
    for (const [name, { environment = {} }] of services)
      for (const [setting, value] of Object.entries(environment))
        if (/PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL/.test(setting))
          expect([name, setting, value]).toEqual([name, setting, expect.stringMatching(/^\/secrets\//)]);
  });

  it('S83 S84 has the servers believe nginx alone, at the address it has', () => {
    const nginx = stack.services['nginx']!;
    for (const name of ['server-1', 'server-2'])
      expect(stack.services[name]!.environment!['SALLYPORT_TRUSTED_PROXIES']).toBe(addressOf('nginx'));
    expect(nginx.extra_hosts).toEqual(
      ['server-1', 'server-2', 'tool'].map((name) => `${name}:${addressOf(name)}`),
    );
    const subnet = stack.networks['proxy']!.ipam!.config[0]!.subnet;
    const isLow = (address: string) => Number(address.split('.')[3]!.split('/')[0]) < 128;
    for (const [network, low] of [
      ['proxy', true],
      ['tools', false],
    ] as const) {
      expect(stack.networks[network]!.ipam!.config[0]!.subnet).toMatch(/\/25$/);
      expect(isLow(stack.networks[network]!.ipam!.config[0]!.subnet)).toBe(low);
    }
    for (const name of ['nginx', 'server-1', 'server-2', 'tool'])
      expect([name, isLow(addressOf(name)!)]).toEqual([name, name !== 'tool']);
    const addresses = ['nginx', 'server-1', 'server-2', 'tool'].map((name) => addressOf(name)!);
    expect(new Set(addresses).size).toBe(4);
    for (const address of addresses)
      expect(address.split('.').slice(0, 3)).toEqual(subnet.split('.').slice(0, 3));
    const configuration = readFileSync(join(ROOT, 'deploy/nginx/nginx.conf'), 'utf8');
    expect(
      [...configuration.matchAll(/^ +server ([\w-]+):(\d+)/gm)].map(([, name, port]) => [name, port]),
    ).toEqual([
      ['server-1', '8200'],
      ['server-2', '8200'],
      ['tool', '8000'],
    ]);
  });

  it('S97 lets the tool reach nginx alone: no server, no database', () => {
    const besides = (name: string) =>
      services
        .filter(([, one]) =>
          networksOf(one).some((network) => networksOf(stack.services[name]!).includes(network)),
        )
        .map(([other]) => other)
        .filter((other) => other !== name);
    expect(besides('tool')).toEqual(['nginx']);
  });

  it('scrapes every replica, and shows Grafana where the dashboards are', () => {
    const scraped = parse(readFileSync(join(ROOT, 'deploy/prometheus/prometheus.yml'), 'utf8')) as {
      rule_files: string[];
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const measured = services.filter(
      ([, service]) => !isOneShot(service) && service.environment?.['METRICS_PORT'] !== undefined,
    );
    expect(scraped.scrape_configs[0]!.static_configs[0]!.targets).toEqual(
      measured.map(([name, { environment }]) => `${name}:${environment!['METRICS_PORT']}`),
    );
    for (const file of scraped.rule_files)
      expect(existsSync(join(ROOT, 'deploy/prometheus', file))).toBe(true);
    const provider = readFileSync(join(ROOT, 'deploy/grafana/provisioning/dashboards/sallyport.yml'), 'utf8');
    expect(provider).toContain('path: /etc/sallyport-grafana/dashboards');
    expect(existsSync(join(ROOT, 'deploy/grafana/dashboards/sallyport.json'))).toBe(true);
  });

  const compose = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0;
  it.skipIf(!compose)(
    `is taken by docker compose itself${compose ? '' : ' (skipped: no docker compose here)'}`,
    () => {
      const { status, stderr } = spawnSync(
        'docker',
        ['compose', '--profile', 'observability', 'config', '--quiet'],
        { cwd: ROOT, encoding: 'utf8' },
      );
      expect([status, stderr]).toEqual([0, '']);
    },
  );
});

describe('the secrets of the stack', () => {
  let folder: string;
  const make = () =>
    spawnSync(process.execPath, [join(ROOT, 'deploy/make-secrets.mjs'), folder], { encoding: 'utf8' });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  beforeAll(() => {
    if (!existsSync(join(ROOT, 'dist/apps/server'))) build();
    folder = mkdtempSync(join(tmpdir(), 'stack-secrets-'));
    expect(make().status).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('S67 are made once, readable by their owner alone, and said to nobody', () => {
    const key = read('server/master.key');
    const again = make();
    expect([again.status, again.stdout, again.stderr]).toEqual([0, '', '']);
    expect(read('server/master.key')).toBe(key);
    for (const name of [
      'server/master.key',
      'server/database.url',
      'owner/database.url',
      'postgres/tls/key.pem',
      'proxy/tls/key.pem',
      'radius/secret',
    ])
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('S67 are all there or none: a lost one stops the stack and is not made anew', () => {
    const key = read('server/master.key');
    rmSync(join(folder, 'server/master.key'));
    const refused = make();
    expect([refused.status, refused.stderr]).toEqual([
      1,
      'these secrets are gone, put them back from your backup: server/master.key\n',
    ]);
    expect(existsSync(join(folder, 'server/master.key'))).toBe(false);
    rmSync(folder, { recursive: true });
    expect(make().status).toBe(0);
    expect(read('server/master.key')).not.toBe(key);
  });

  it.each(['server-1', 'server-2', 'migrate', 'console'])('S97 make the settings of %s whole', (name) => {
    const { environment = {} } = stack.services[name]!;
    const settings = Object.entries(environment).map(([setting, value]) => [
      setting,
      value.replace(/^\/secrets/, folder),
    ]);
    // What the image sets, in front of what the stack does.
    const image = {
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: 'off',
      TLS_PORT: '8443',
      SALLYPORT_DATA_DIR: '/data',
    };
    const config = readConfig({ ...image, ...(Object.fromEntries(settings) as Record<string, string>) });
    expect(new URL(config.databaseUrl!).searchParams.get('sslmode')).toBe('verify-full');
    if (!name.startsWith('server'))
      expect(new URL(config.migrationDatabaseUrl!).username).toBe('sallyport_owner');
    else
      expect([
        new URL(config.databaseUrl!).username,
        config.migrationDatabaseUrl,
        config.port,
        config.tlsPort,
      ]).toEqual(['sallyport', null, 8200, null]);
  });
});
