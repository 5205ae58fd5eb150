import { Injectable } from '@nestjs/common';
import { MountTuningService } from '@sallyport/identity';
import { MountsOnPath } from '../wire/mounts-on-path.js';
import type { MountView } from './mount.dto.js';
import { mountView } from './mount-view.js';

/** Reads one auth mount, for both paths it can be read by (§11). */
@Injectable()
export class MountReader {
  constructor(
    private readonly tuning: MountTuningService,
    private readonly onPath: MountsOnPath,
  ) {}

  /** Null where none is attached. */
  async find(path: string): Promise<MountView | null> {
    const mount = await this.onPath.find(path);
    if (mount === null) return null;
    const thresholds = await this.tuning.thresholdsOf([mount]);
    return mountView(mount, thresholds.get(mount.id));
  }
}
