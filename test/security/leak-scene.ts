import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinEmbeddedPostgres, type JoinedPostgres } from '@sallyport/platform';
import { ScureBase32Plugin } from 'otplib';
import { type WalkedRoute, walkRoutes } from '../../apps/server/src/http/route-walk.js';
import { ACCEPT, type AppgateClient, DEVICE } from '../support/appgate-client.js';
import type { Authenticator } from '../support/authenticator.js';
import { ChildServer } from '../support/child-server.js';
import type { Sallyport } from '../support/sallyport.js';
import { type Answer, expecting, send, type Sending } from '../support/send.js';
import { Stage } from '../support/stage.js';
import { TraceCollector } from '../support/trace-collector.js';
import { COLLECTIONS } from './admin-acts.js';
import { plant } from './leak-marks.js';
import { PlantedBodies } from './planted-bodies.js';

export const ROOT_TOKEN = plant('root-token');
const ADMIN_PASSWORD = plant('admin-password');
export const WALKER_PASSWORD = plant('password-of-the-walker');
const SINK = 'https://127.0.0.1:9';

/** A server as a process of its own, whose every word is kept, and who speaks to it. */
export const scene = {} as {
  folder: string;
  server: ChildServer;
  joined: JoinedPostgres;
  collector: TraceCollector;
  stage: Stage;
  routes: WalkedRoute[];
  bodies: PlantedBodies;
  admin: AppgateClient;
  walker: AppgateClient;
};

/** Secrets the server makes, and what each is. */
export const made = new Map<string | Buffer, string>();
/** Every answer, with the request it is to. */
export const answers: { what: string; answer: Answer }[] = [];

export async function openScene(): Promise<void> {
  scene.folder = mkdtempSync(join(tmpdir(), 'sallyport-leaks-'));
  scene.collector = await TraceCollector.open();
  scene.server = await ChildServer.start(scene.folder, {
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: scene.collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${plant('collector')}`,
    SALLYPORT_LOG_LEVEL: 'trace',
    SALLYPORT_ADMIN_PASSWORD: ADMIN_PASSWORD,
    SALLYPORT_ROOT_TOKEN: ROOT_TOKEN,
    SALLYPORT_NAMES_PER_NETWORK: '300',
    SALLYPORT_OUTGOING_ALLOW: `${SINK},radius://127.0.0.1:9`,
    SALLYPORT_AUDIT_WEBHOOK_URL: `${SINK}/audit`,
    SALLYPORT_AUDIT_WEBHOOK_TOKEN: plant('webhook-token'),
    SALLYPORT_AUDIT_CHECKPOINT_FILE: join(scene.folder, 'audit.jsonl'),
    SALLYPORT_AUDIT_FILE_ROWS: 'on',
  });
  const masterKeyFile = join(scene.folder, 'master.key');
  const key = readFileSync(masterKeyFile, 'utf8').trim();
  made.set(key, 'the master key').set(Buffer.from(key, 'base64'), 'the bytes of the master key');
  scene.joined = (await joinEmbeddedPostgres(scene.folder))!;
  // A replica in this process tells the routes and sets the scene; what is watched is the child.
  const settings = { SALLYPORT_ADMIN_PASSWORD: ADMIN_PASSWORD, SALLYPORT_ROOT_TOKEN: ROOT_TOKEN };
  const replicaOf = { databaseUrl: scene.joined.url, masterKeyFile } as Sallyport;
  scene.stage = await Stage.open(1, { replicaOf, settings });
  scene.routes = walkRoutes(scene.stage.first.app);
  scene.stage.first.url = scene.server.url;
  scene.admin = await scene.stage.appgate().final('admin', ADMIN_PASSWORD);
  scene.walker = await newAdministrator('walker', WALKER_PASSWORD);
  await setTargets();
}

export async function closeScene(): Promise<void> {
  await scene.stage?.close();
  scene.server?.signal('SIGTERM');
  await scene.server?.ended();
  await scene.collector?.close();
  await scene.joined?.leave();
  rmSync(scene.folder, { recursive: true, force: true });
}

/** By route: the path of an object that may be changed. */
export const targets = new Map<string, string>();

async function setTargets(): Promise<void> {
  await expecting(204, scene.stage.root.write('auth/token/roles/walked', {}));
  const { entityId } = await scene.stage.addPlayer('target');
  const known = {
    method_id: await scene.stage.addMethod('target'),
    entity_id: entityId,
    canonical_id: entityId,
  };
  const names = {
    username: 'target',
    providerName: 'local',
    mount_accessor: scene.stage.accessor,
    issuer: 'https://idp.example.com',
  };
  const document = (await send({ method: 'GET', url: `${scene.server.url}/docs/openapi.json` })).body;
  scene.bodies = new PlantedBodies(document, { ...known, ...names, deviceId: DEVICE });
  for (const [path, { fields, asNew }] of Object.entries(COLLECTIONS)) {
    const object = await expecting(
      200,
      scene.admin.post(`/${path}`, { name: 'target object', ...fields, ...asNew }),
    );
    targets.set(`/admin/${path}/:id`, `/admin/${path}/${object.body.id}`);
  }
  const vendors = {
    duo: { secret_key: 's', integration_key: 'i', api_hostname: 'h' },
    okta: { org_name: 'o', api_token: 't' },
  };
  for (const [type, fields] of Object.entries(vendors)) {
    const path = `identity/mfa/method/${type}`;
    const { body } = await expecting(200, scene.stage.root.write(path, fields));
    targets.set(`/v1/${path}/:method_id`, `/v1/${path}/${body.data.method_id}`);
  }
  const providers = (await expecting(200, scene.admin.get('/identity-providers?query=local'))).body.data;
  targets.set(
    '/admin/identity-providers/:id/attributes',
    `/admin/identity-providers/${providers[0].id}/attributes`,
  );
}

export async function newAdministrator(name: string, password: string): Promise<AppgateClient> {
  await scene.stage.addUser(name, { password });
  await scene.stage.makeAdministrator(name);
  const client = await scene.stage.appgate().final(name, password);
  keep(client.token!, 'a final token');
  return client;
}

export function keep(secret: string, what: string): string {
  made.set(secret, what);
  return secret;
}

/** A seed, as it is shown and as it is. */
export function keepSeed(authenticator: Authenticator): Authenticator {
  keep(authenticator.secret, 'a seed');
  made.set(Buffer.from(new ScureBase32Plugin().decode(authenticator.secret)), 'the bytes of a seed');
  return authenticator;
}

export async function ask(what: string, sending: Sending): Promise<Answer> {
  const answer = await send({ ...sending, headers: { accept: ACCEPT, ...sending.headers } });
  answers.push({ what, answer });
  return answer;
}

/** Codes are too short to be looked for like the others. */
export const codes: string[] = [];

export function keepCode(code: string): string {
  codes.push(code);
  return code;
}
