import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';

/**
 * Asks the server of this container, over loopback, whether it is ready. Exit code 0: yes.
 * The certificate is not looked at: whoever answers here is the container itself.
 */
const { PORT, TLS_PORT } = process.env;
const ask = PORT === 'off' ? encrypted : plain;
const port = PORT === 'off' ? TLS_PORT || 8443 : PORT || 8200;

ask({ host: '127.0.0.1', port, path: '/readyz', timeout: 3_000, rejectUnauthorized: false }, (answer) =>
  process.exit(answer.statusCode === 200 ? 0 : 1),
)
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();
