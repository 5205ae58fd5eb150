import { RequestMethod, type INestApplication, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ACCESS, type AccessStatement } from './access.js';
import { HttpAdapter } from './http-adapter.js';

/** One registered route and who may call it. */
export interface WalkedRoute {
  /** The HTTP method; `SEARCH` is the list operation. */
  method: string;
  /** The path as Fastify has it: `/admin/users/:id`. */
  path: string;
  /** Null: not stated, so a Nest route does not answer. */
  access: AccessStatement | null;
  /** `Controller.method`; null for a route registered past Nest, which no guard protects. */
  handler: string | null;
}

/**
 * Every route the server has, with its access statement (S44). Call it after `app.init()`.
 * What was registered with Fastify directly is in it too, without statement and handler.
 */
export function walkRoutes(app: INestApplication): WalkedRoute[] {
  const adapter = app.getHttpAdapter();
  if (!(adapter instanceof HttpAdapter)) throw new Error('The application was not made by createApp.');
  const stated = new Map(nestRoutes(app).map((route) => [`${route.method} ${route.path}`, route]));
  return adapter.routes.routes.map(({ method, path }) => {
    const known = stated.get(`${method} ${path}`) ?? stated.get(`ALL ${path}`);
    return { method, path, access: known?.access ?? null, handler: known?.handler ?? null };
  });
}

function nestRoutes(app: INestApplication): WalkedRoute[] {
  const modules = [...app.get(ModulesContainer).values()];
  return modules.flatMap(({ controllers }) =>
    [...controllers.values()].flatMap(({ metatype }) => controllerRoutes(metatype as Type<object>)),
  );
}

function controllerRoutes(controller: Type<object>): WalkedRoute[] {
  const prototype = controller.prototype as Record<string, object>;
  const prefixes = [Reflect.getMetadata(PATH_METADATA, controller) as string | string[]].flat();
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const target = prototype[name]!;
    const paths = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
    if (paths === undefined) return [];
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, target) as RequestMethod];
    const access = (Reflect.getMetadata(ACCESS, target) ??
      Reflect.getMetadata(ACCESS, controller) ??
      null) as AccessStatement | null;
    return prefixes.flatMap((prefix) =>
      [paths]
        .flat()
        .map((path) => ({ method, path: join(prefix, path), access, handler: `${controller.name}.${name}` })),
    );
  });
}

function join(prefix: string, path: string): string {
  const joined = `/${prefix}/${path}`.replace(/\/{2,}/g, '/');
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
}
