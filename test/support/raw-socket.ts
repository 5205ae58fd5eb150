import { connect } from 'node:net';

/** What a connection answered until it was quiet or closed. */
export interface RawAnswer {
  text: string;
  closed: boolean;
  statuses: number[];
}

/** Sends bytes as they are, and gathers what comes back until the server closes or `quietMs` pass without a byte. */
export function sendRaw(origin: string, bytes: string | Buffer, quietMs = 400): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    let quiet: NodeJS.Timeout | undefined;
    const finish = (closed: boolean): void => {
      clearTimeout(quiet);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) => Number(found[1]));
      resolve({ text, closed, statuses });
    };
    const wait = (): void => {
      clearTimeout(quiet);
      quiet = setTimeout(() => finish(false), quietMs);
    };
    socket.on('connect', () => {
      socket.write(bytes);
      wait();
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      wait();
    });
    socket.on('close', () => finish(true));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return finish(true);
      clearTimeout(quiet);
      reject(error);
    });
  });
}
