import { type Answer, expecting } from '../support/send.js';
import type { Stage } from '../support/stage.js';
import type { AdminAct } from './admin-acts.js';

const SETTINGS = Buffer.from('use_base64_key=YQ==\norg_alias=o').toString('base64');

/** What each type of method that a push service judges is made of. */
const METHODS: Record<string, object> = {
  duo: { secret_key: 's', integration_key: 'i', api_hostname: 'api.example.com' },
  okta: { org_name: 'example', api_token: 't' },
  pingid: { settings_file_base64: SETTINGS },
};

function write(stage: Stage, path: string, fields: object): Promise<Answer> {
  return stage.root.write(`identity/mfa/method/${path}`, fields);
}

/** Creating and replacing a method of each of these types. */
export const VENDOR_ACTS: Record<string, AdminAct> = Object.fromEntries(
  Object.entries(METHODS).flatMap(([type, fields]): [string, AdminAct][] => [
    [
      `POST /v1/identity/mfa/method/${type}`,
      async (stage) => () => write(stage, type, { ...fields, method_name: `made ${type}` }),
    ],
    [
      `POST /v1/identity/mfa/method/${type}/:method_id`,
      async (stage) => {
        const made = await expecting(200, write(stage, type, fields));
        return () =>
          write(stage, `${type}/${made.body.data.method_id}`, { ...fields, method_name: `changed ${type}` });
      },
    ],
  ]),
);
