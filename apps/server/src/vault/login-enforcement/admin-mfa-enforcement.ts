import { Injectable } from '@nestjs/common';
import { AuthMountsService, LOCAL_MOUNT_PATH } from '@sallyport/identity';
import { ADMIN_MFA, AdminMfaSettingsService, MfaMethodsService } from '@sallyport/mfa-methods';
import type { EnforcementView } from './enforcement.dto.js';
import { enforcementView } from './enforcement-view.js';

/** It has no row of its own, so its id is fixed. */
const ADMIN_MFA_ID = '5d0c3c1e-93b7-4e0b-8f0a-6a2f4e7c9b52';

/** `/admin`'s admin MFA setting as the enforcement it is here, read-only (§1.9). */
@Injectable()
export class AdminMfaEnforcement {
  constructor(
    private readonly settings: AdminMfaSettingsService,
    private readonly methods: MfaMethodsService,
    private readonly mounts: AuthMountsService,
  ) {}

  /** Null while the setting is off. A provider that is no method here leaves the list of methods empty. */
  async find(): Promise<EnforcementView | null> {
    const { providerId } = await this.settings.get();
    if (providerId === null) return null;
    const method = await this.methods.find(providerId);
    const mount = await this.mounts.findAttached(LOCAL_MOUNT_PATH);
    return enforcementView({
      id: ADMIN_MFA_ID,
      name: ADMIN_MFA,
      mfaMethodIds: method?.offeredAt.includes('vault') ? [method.id] : [],
      authMethodAccessors: mount === null ? [] : [mount.accessor],
      authMethodTypes: [],
      identityGroupIds: [],
      identityEntityIds: [],
    });
  }
}
