import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createDataSource, MasterKey, readConfig } from '@sallyport/platform';
import { AppModule } from '../app.module.js';
import { HttpAdapter } from '../http/http-adapter.js';
import { ENTITIES } from '../start/entities.js';
import { DialectTable } from '../http/dialect-table.js';
import { TrustedProxies } from '../http/client-address.js';
import { apiDocument } from './api-document.js';

/** The document of the whole application, made without starting it: no database, no listener. */
export async function describeApi(version: string): Promise<OpenAPIObject> {
  const dataSource = createDataSource({ url: 'postgres://127.0.0.1/none', poolSize: 1, entities: ENTITIES });
  const module = AppModule.register({
    config: readConfig({}),
    dataSource,
    masterKey: new MasterKey(randomBytes(32)),
  });
  const adapter = new HttpAdapter(new DialectTable(), new TrustedProxies([]), 16_384);
  const app = await NestFactory.create(module, adapter, { logger: false, abortOnError: false });
  return apiDocument(app, version);
}
