import { Socket as DatagramSocket } from 'node:dgram';
import { Socket } from 'node:net';
import { afterAll, beforeAll, vi } from 'vitest';

/**
 * Nothing of this process reaches beyond loopback and the sockets of the file system while the tests of a file run. @returns where
 * something wanted to go.
 */
export function withBlockedNetwork(): string[] {
  const refused: string[] = [];
  const refuse = (target: string): never => {
    refused.push(target);
    throw new Error(`the network is blocked: ${target}`);
  };
  const spies: { mockRestore(): void }[] = [];
  beforeAll(() => {
    const connect = Reflect.get(Socket.prototype, 'connect') as (...given: unknown[]) => Socket;
    spies.push(
      vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given: any[]) {
        const [target] = Array.isArray(given[0]) ? given[0] : given;
        const { path, host = 'localhost' } = typeof target === 'object' ? target : { host: given[1] };
        if (path === undefined && !isLoopback(host)) refuse(host);
        return Reflect.apply(connect, this, given);
      } as Socket['connect']),
      vi.spyOn(DatagramSocket.prototype, 'send').mockImplementation(() => refuse('a datagram')),
    );
  });
  afterAll(() => spies.forEach((spy) => spy.mockRestore()));
  return refused;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
