import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = ['/usr/sbin/freeradius', '/usr/sbin/radiusd'].find((path) => existsSync(path));
const LIBRARIES = ['/usr/lib/freeradius', '/usr/lib64/freeradius'].find((path) => existsSync(path));

/** Why there is no FreeRADIUS to test against; null where there is one. */
export const NO_FREE_RADIUS =
  PROGRAM && LIBRARIES ? null : 'skipped: FreeRADIUS is not installed (Debian: apt-get install freeradius)';

export interface FreeRadius {
  port: number;
  secret: string;
  stop(): Promise<void>;
}

/**
 * FreeRADIUS on loopback, with a configuration directory of its own. Everybody's code is 492039; a user whose name begins with `two-`
 * must say `knock` first and is then challenged for it; one whose name begins with `old-` gets answers without a Message-Authenticator,
 * as servers gave them before CVE-2024-3596.
 */
export async function startFreeRadius(): Promise<FreeRadius> {
  const port = await freePort();
  const secret = 'shared with FreeRADIUS';
  const folder = mkdtempSync(join(tmpdir(), 'free-radius-'));
  writeFileSync(join(folder, 'dictionary'), '');
  writeFileSync(join(folder, 'radiusd.conf'), configuration(folder, port, secret), { mode: 0o600 });
  const child = spawn(PROGRAM!, ['-d', folder, '-X'], { stdio: ['ignore', 'pipe', 'pipe'] });
  await ready(child);
  return {
    port,
    secret,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Ready to process requests')) resolve();
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`FreeRADIUS did not start: ${said.slice(-2000)}`)));
  });
}

/** A UDP port of loopback that was free a moment ago. */
function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function configuration(folder: string, port: number, secret: string): string {
  return `
prefix = /usr
logdir = ${folder}
run_dir = ${folder}
libdir = ${LIBRARIES}
raddbdir = ${folder}
log {
  destination = stdout
}
security {
  reject_delay = 0
}
client tests {
  ipaddr = 127.0.0.1
  secret = "${secret}"
  require_message_authenticator = yes
}
modules {
  pap {
  }
  chap {
  }
  always handled {
    rcode = handled
  }
  always reject {
    rcode = reject
  }
}
policy {
  ask_for_code {
    if (ok && !&State && &User-Name =~ /^two-/) {
      update reply {
        Reply-Message := "Enter the code"
        State := 0x6f70656e
      }
      update control {
        &Response-Packet-Type = Access-Challenge
      }
      handled
    }
  }
  # Before version 3.2.5 it signs only what it is told to sign.
  sign {
    if (&User-Name !~ /^old-/) {
      update reply {
        Message-Authenticator := 0x00
      }
    }
  }
}
server default {
  listen {
    type = auth
    ipaddr = 127.0.0.1
    port = ${port}
  }
  authorize {
    if (!&State && &User-Name =~ /^two-/) {
      update control {
        Cleartext-Password := "knock"
      }
    }
    else {
      update control {
        Cleartext-Password := "492039"
      }
    }
    if (&State && &State != 0x6f70656e) {
      reject
    }
    chap
    pap
  }
  authenticate {
    Auth-Type PAP {
      pap
      ask_for_code
    }
    Auth-Type CHAP {
      chap
      ask_for_code
    }
  }
  post-auth {
    sign
    Post-Auth-Type REJECT {
      sign
    }
    Post-Auth-Type Challenge {
      sign
    }
  }
}
`;
}
