/** Takes a stream of one side of PostgreSQL's protocol apart into messages; what is cut off waits for its rest. */
export class MessageReader {
  private rest = Buffer.alloc(0);
  private beginning: boolean;

  /** @param asks the client's side, whose first message has no type. */
  constructor(asks: boolean) {
    this.beginning = asks;
  }

  read(bytes: Buffer): Buffer[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const messages: Buffer[] = [];
    for (;;) {
      const head = this.beginning ? 0 : 1;
      if (this.rest.length < head + 4) return messages;
      const length = head + this.rest.readInt32BE(head);
      if (this.rest.length < length) return messages;
      messages.push(this.rest.subarray(0, length));
      this.rest = this.rest.subarray(length);
      this.beginning = false;
    }
  }
}

/**
 * The statement a client's message runs, or null where it runs none.
 * @param statements the prepared ones by name, @param portals the bound ones by name: kept up to date here.
 */
export function textsOf(
  message: Buffer,
  statements: Map<string, string>,
  portals: Map<string, string>,
): string | null {
  const type = String.fromCharCode(message[0]!);
  const [first = '', second = ''] = message.toString('utf8', 5).split('\0', 2);
  if (type === 'Q') return first;
  if (type === 'P') statements.set(first, second);
  if (type === 'B') portals.set(first, statements.get(second) ?? '');
  return type === 'E' ? (portals.get(first) ?? '') : null;
}
