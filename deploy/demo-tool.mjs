// A tool without a login of its own: it shows what it was told of its caller. It must be reached through the door alone (deploy/nginx).
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const told = Object.entries(request.headers).filter(([name]) => name.startsWith('x-sallyport-'));
  const caller = Object.fromEntries(told.map(([name, value]) => [name, decodeURIComponent(String(value))]));
  const credentials = ['authorization', 'x-vault-token'].filter((name) => name in request.headers);
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify({ method: request.method, url: request.url, caller, credentials })}\n`);
});

server.listen(Number(process.env.PORT ?? 8000), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`listening on ${JSON.stringify(server.address())}`);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.close());
