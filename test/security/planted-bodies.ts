import { randomUUID } from 'node:crypto';
import type { WalkedRoute } from '../../apps/server/src/http/route-walk.js';
import { COLLECTIONS } from './admin-acts.js';
import { plant } from './leak-marks.js';

/** Secrets that stand in answers too, or look like any text to the document. */
const SECRET_NAMES = new Set([
  'accessToken',
  'code',
  'idToken',
  'mfa_payload',
  'mfa_request_id',
  'otp',
  'passcode',
  'samlResponse',
  'state',
]);

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  writeOnly?: boolean;
  properties?: Record<string, Schema>;
  oneOf?: Schema[];
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  required?: string[];
}

/** Bodies for the routes of the OpenAPI document, with a new secret in each field that is for one. */
export class PlantedBodies {
  /** @param known what fields of these names are given: ids of what there is */
  constructor(
    private readonly document: any,
    private readonly known: Record<string, unknown>,
  ) {}

  /** Valid ones, as far as a schema can tell; several where the body has one of several shapes. */
  valid(route: WalkedRoute): object[] {
    const withExamples = route.path.startsWith('/v1');
    return this.shapesOf(route).map((shape) => {
      // The server takes no hashes, whatever they are.
      const { password_hash: _, ...properties } = shape.properties ?? {};
      return { ...this.sample(shape, withExamples), ...sampleOf(route), ...this.secrets(properties) };
    });
  }

  /** The same with every secret in something that is no text, and every other field gone. */
  misplaced(route: WalkedRoute): object[] {
    return this.shapesOf(route).flatMap(({ properties = {} }) => {
      const secrets = Object.entries(this.secrets(properties));
      if (secrets.length === 0) return [{ password: plant('unknown-field'), token: [plant('unknown-list')] }];
      return [
        Object.fromEntries(secrets),
        Object.fromEntries(secrets.map(([name, secret]) => [name, [secret]])),
        Object.fromEntries(secrets.map(([name, secret]) => [name, { value: secret }])),
        Object.fromEntries(secrets.map(([name]) => [name, plant(name).repeat(5_000)])),
      ];
    });
  }

  private shapesOf({ method, path }: WalkedRoute): Schema[] {
    const described = this.document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    const schema = described?.requestBody?.content?.['application/json']?.schema as Schema | undefined;
    if (schema === undefined) return [{}];
    return (schema.oneOf ?? [schema]).map((shape) => this.resolve(shape));
  }

  private resolve(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    return schema.$ref
      .slice(2)
      .split('/')
      .reduce((at, key) => at[key], this.document) as Schema;
  }

  private secrets(properties: Record<string, Schema>): object {
    return Object.fromEntries(
      Object.entries(properties).flatMap(([name, given]) => {
        const schema = this.resolve(given);
        if (isSecret(name, schema)) return [[name, secretOf(name)]];
        const inside = schema.properties === undefined ? {} : this.secrets(schema.properties);
        return Object.keys(inside).length === 0 ? [] : [[name, inside]];
      }),
    );
  }

  /** What must be there, and what there is an example of. */
  private sample({ properties = {}, required = [] }: Schema, withExamples: boolean): object {
    return Object.fromEntries(
      Object.entries(properties)
        .filter(([name, { example }]) => {
          const isGiven = example !== undefined || name in this.known;
          return required.includes(name) || (withExamples && isGiven);
        })
        .map(([name, schema]) => [name, this.valueOf(name, this.resolve(schema))])
        .filter(([, value]) => value !== undefined),
    );
  }

  private valueOf(name: string, schema: Schema): unknown {
    if (name === 'name' || name === 'method_name') return `walked ${randomUUID()}`;
    if (name in this.known) return this.known[name];
    if (schema.example !== undefined) return schema.example;
    if (schema.enum !== undefined) return schema.enum[0];
    if (schema.format === 'uuid') return randomUUID();
    if (schema.properties !== undefined) return this.sample(schema, false);
    return schema.default === '' ? undefined : schema.default;
  }
}

function isSecret(name: string, { writeOnly, format }: Schema): boolean {
  return writeOnly === true || format === 'password' || SECRET_NAMES.has(name);
}

/** Most are texts; some are looked into before they are kept. */
function secretOf(name: string): unknown {
  if (name === 'mfa_payload') return { default: [plant('code'), `passcode=${plant('code')}`] };
  if (name !== 'settings_file_base64') return plant(name);
  const key = Buffer.from(plant('vendor')).toString('base64');
  return Buffer.from(`use_base64_key=${key}\norg_alias=o\ntoken=${plant('vendor-token')}`).toString('base64');
}

/** What makes the body of a collection valid; identity providers have their shapes by type. */
function sampleOf({ method, path }: WalkedRoute): object {
  const [, dialect, collection, ...rest] = path.split('/');
  if (collection === 'identity-providers' && method === 'POST' && rest.length === 0)
    return { hostnames: ['idp.example.com'], caCertificates: [PEM], providerCertificate: PEM };
  const sample = dialect === 'admin' ? COLLECTIONS[collection!] : undefined;
  if (sample === undefined || rest.length > 1 || rest[0] === 'test') return {};
  return { name: rest.length === 1 ? 'target object' : `walked ${randomUUID()}`, ...sample.fields };
}

const PEM = '-----BEGIN CERTIFICATE-----';
