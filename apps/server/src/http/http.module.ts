import { Module, type DynamicModule, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { BearerGuard } from './bearer.guard.js';
import { BearerStrategy } from './bearer.strategy.js';
import { DIALECTS, type Dialect } from './dialect.js';
import { ErrorFilter } from './error.filter.js';
import { Readiness } from './readiness.js';
import { RequestTelemetry } from './request-telemetry.js';

export interface HttpModuleOptions {
  /** The dialects' classes, as exported by the modules in `imports`; one of them is the ops dialect. */
  dialects: Type<Dialect>[];
  imports: NonNullable<ModuleMetadata['imports']>;
}

/** What both dialects need of the wire: who may call, reading bodies, writing errors. Global; import it once. */
@Module({})
export class HttpModule {
  static register({ dialects, imports }: HttpModuleOptions): DynamicModule {
    return {
      module: HttpModule,
      global: true,
      imports,
      providers: [
        { provide: DIALECTS, useFactory: (...made: Dialect[]) => made, inject: dialects },
        BearerStrategy,
        BearerGuard,
        Readiness,
        RequestTelemetry,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
      exports: [DIALECTS, Readiness, BearerGuard],
    };
  }
}
