import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { KeyInventoryService } from './key-inventory.service.js';

/** Raises the alarm of a key that should have been replaced (S71). */
@Injectable()
export class KeyGauges implements OnModuleInit {
  constructor(
    private readonly inventory: KeyInventoryService,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { keyAge, keysOverdue } = this.metrics;
    this.metrics.onScrape('keys', [keyAge, keysOverdue], async () => {
      const ages = await this.inventory.ages();
      for (const kind of new Set(ages.map((key) => key.kind))) {
        const keys = ages.filter((key) => key.kind === kind);
        keyAge.set({ kind }, Math.max(...keys.map(({ ageDays }) => ageDays)) * 86_400);
        keysOverdue.set({ kind }, keys.filter(({ overdue }) => overdue).length);
      }
    });
  }
}
