import { Injectable } from '@nestjs/common';
import { type AuthMount, AuthMountsService } from '@sallyport/identity';

/** Which mount, if any, answers a path of `/v1`. */
@Injectable()
export class MountsOnPath {
  constructor(private readonly mounts: AuthMountsService) {}

  /** Whether the path lies under something that is mounted: `sys/`, `identity/`, or an attached auth mount. */
  async isMounted(path: string): Promise<boolean> {
    const [first, mount = ''] = path.split('/');
    if (first === 'sys' || first === 'identity') return true;
    return first === 'auth' && (await this.find(mount)) !== null;
  }

  /** The attached auth mount of this name. */
  async find(name: string): Promise<AuthMount | null> {
    return isMountName(name) ? this.mounts.findAttached(name) : null;
  }
}

/** What is said of a path that cannot be a mount's. */
export const MOUNT_PATH_RULE = 'mount path must be one segment of word characters, dots and dashes';

/** One path segment: word characters, `.` and `-`, first and last a word character. */
export function isMountName(name: string): boolean {
  return /^\w(?:[\w.-]{0,253}\w)?$/.test(name);
}
