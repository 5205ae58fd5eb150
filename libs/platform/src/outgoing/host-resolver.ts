import { lookup } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';

/** The system's resolver. */
@Injectable()
export class HostResolver {
  /** @returns every address of a name, in the system's order. @throws the resolver's error where there is none. */
  async addressesOf(name: string): Promise<string[]> {
    const found = await lookup(name, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  }
}
