import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackgroundWork } from './background/background-work.service.js';
import { Clock } from './clock.js';
import { Config } from './config/config.js';
import { Database } from './database/database.js';
import { StatementWatch } from './database/statement-watch.js';
import { Installation } from './installation/installation.js';
import { DataKeys, KeyLimits } from './keyring/data-keys.service.js';
import { KeyInventoryService } from './keyring/key-inventory.service.js';
import { KeyRotationService, RotationPace } from './keyring/key-rotation.service.js';
import { Keyring } from './keyring/keyring.js';
import { MasterKey } from './keyring/master-key.js';
import { KeyGauges } from './keyring/key-gauges.service.js';
import { Resealing } from './keyring/resealing.js';
import { Metrics } from './metrics/metrics.js';
import { HostResolver } from './outgoing/host-resolver.js';
import { Outgoing } from './outgoing/outgoing.js';
import { OutgoingHttp } from './outgoing/outgoing-http.js';
import { Tracing } from './tracing/tracing.js';

export interface PlatformFacts {
  config: Config;
  dataSource: DataSource;
  masterKey: MasterKey;
  clock?: Clock;
  metrics?: Metrics;
  tracing?: Tracing;
}

/** What every lib stands on: configuration, clock, database, keyring. */
@Global()
@Module({})
export class PlatformModule {
  static register({ config, dataSource, masterKey, clock, metrics, tracing }: PlatformFacts): DynamicModule {
    return {
      module: PlatformModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: DataSource, useValue: dataSource },
        { provide: MasterKey, useValue: masterKey },
        { provide: Clock, useValue: clock ?? new Clock() },
        { provide: Metrics, useValue: metrics ?? new Metrics() },
        { provide: Tracing, useValue: tracing ?? new Tracing() },
        BackgroundWork,
        StatementWatch,
        KeyLimits,
        Database,
        DataKeys,
        Keyring,
        Resealing,
        RotationPace,
        KeyRotationService,
        KeyInventoryService,
        KeyGauges,
        Installation,
        HostResolver,
        Outgoing,
        OutgoingHttp,
      ],
      exports: [
        Config,
        DataSource,
        Clock,
        Metrics,
        Tracing,
        BackgroundWork,
        Database,
        DataKeys,
        Keyring,
        KeyRotationService,
        KeyInventoryService,
        Installation,
        Outgoing,
        OutgoingHttp,
      ],
    };
  }
}
