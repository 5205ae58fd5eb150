import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { MountTuningService } from '@sallyport/identity';
import { MountsOnPath } from '../wire/mounts-on-path.js';
import { refuse } from '../wire/vault-error.js';
import { leaseOf, lockoutOf } from './lockout-fields.js';
import type { TuneFields, TuneView } from './tune.dto.js';
import { tuneView } from './tune-view.js';

/** Reads and tunes an auth mount, for both paths it can be tuned by (§11). */
@Injectable()
export class MountTuner {
  constructor(
    private readonly tuning: MountTuningService,
    private readonly onPath: MountsOnPath,
  ) {}

  async read(path: string): Promise<TuneView> {
    const mount = await this.onPath.find(path);
    if (mount === null) throw refuse(400, `cannot fetch sysview for path "auth/${path}/"`);
    const thresholds = await this.tuning.thresholdsOf([mount]);
    return tuneView(mount, thresholds.get(mount.id));
  }

  async write(fields: TuneFields, actor: Actor): Promise<void> {
    const { path, description, listing_visibility: visibility, token_type: tokenType } = fields;
    const lockout = lockoutOf(fields);
    if (path === 'token') refuseForTokens(lockout !== undefined, tokenType !== undefined);
    const wanted = {
      description,
      defaultLeaseTtl: leaseOf('default_lease_ttl', fields.default_lease_ttl),
      maxLeaseTtl: leaseOf('max_lease_ttl', fields.max_lease_ttl),
      listingVisibility: visibility === undefined ? undefined : visibility || null,
      tokenType: tokenType === undefined ? undefined : tokenType || 'default-service',
      lockout,
    };
    const change = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    if (!(await this.tuning.tune(path, change, actor)))
      throw refuse(400, `tune of path "auth/${path}/" failed: no mount entry found`);
  }
}

function refuseForTokens(lockout: boolean, tokenType: boolean): void {
  if (lockout) throw refuse(400, 'tuning of user lockout configuration for auth type "token" not allowed');
  if (tokenType) throw refuse(400, "'token_type' cannot be set for 'token' or 'ns_token' auth mounts");
}
