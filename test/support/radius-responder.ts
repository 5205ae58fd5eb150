import { createHash, createHmac } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** What came in one Access-Request. */
export interface Asked {
  username: string;
  /** Null with CHAP, which shows none. */
  password: string | null;
  provesPassword(password: string): boolean;
  state: string | null;
  nasIdentifier: string;
  /** Whether a right Message-Authenticator stands first (CVE-2024-3596). */
  signedFirst: boolean;
  /** The packet as it came: a repetition is the same. */
  bytes: string;
}

/** What is wrong with an answer on its way. */
export type Spoiling =
  'authenticator' | 'no-message-authenticator' | 'message-authenticator' | 'identifier' | 'secret' | 'cut';

export interface Reply {
  code: 'accept' | 'reject' | 'challenge';
  messages?: string[];
  state?: string;
  delayMs?: number;
  spoiled?: Spoiling;
}

const CODES = { accept: 2, reject: 3, challenge: 11 };

/** A RADIUS server of the tests' own, on loopback: says what the test lets it say, and remembers what it was asked. */
export class RadiusResponder {
  readonly asked: Asked[] = [];
  /** Nothing, one answer, or several one after the other. */
  answer: (asked: Asked) => Reply | Reply[] | null = () => null;

  private readonly pending = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly socket: Socket,
    readonly secret: string,
  ) {
    socket.on('message', (datagram, from) => this.hear(datagram, from));
  }

  static async start(secret: string): Promise<RadiusResponder> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new RadiusResponder(socket, secret);
  }

  get port(): number {
    return this.socket.address().port;
  }

  get last(): Asked | undefined {
    return this.asked.at(-1);
  }

  /** Forgets what was asked, and answers so from now on. */
  answering(answer: RadiusResponder['answer']): void {
    this.asked.length = 0;
    this.answer = answer;
  }

  close(): void {
    for (const timer of this.pending) clearTimeout(timer);
    this.socket.close();
  }

  private hear(datagram: Buffer, from: RemoteInfo): void {
    const asked = this.read(datagram);
    this.asked.push(asked);
    for (const reply of [this.answer(asked) ?? []].flat()) {
      const bytes = this.write(datagram, reply);
      const timer = setTimeout(() => {
        this.pending.delete(timer);
        this.socket.send(bytes, from.port, from.address, () => undefined);
      }, reply.delayMs ?? 0);
      this.pending.add(timer);
    }
  }

  private read(datagram: Buffer): Asked {
    const attributes = attributesOf(datagram);
    const authenticator = datagram.subarray(4, 20);
    const valueOf = (wanted: number) => attributes.find(({ type }) => type === wanted)?.value;
    const hidden = valueOf(2);
    const chap = valueOf(3);
    const unsigned = Buffer.from(datagram).fill(0, 22, 38);
    const signature = createHmac('md5', this.secret).update(unsigned).digest();
    return {
      username: valueOf(1)!.toString(),
      password: hidden === undefined ? null : this.reveal(hidden, authenticator),
      provesPassword: (password) => {
        const id = chap!.subarray(0, 1);
        return createHash('md5')
          .update(id)
          .update(password)
          .update(authenticator)
          .digest()
          .equals(chap!.subarray(1));
      },
      state: valueOf(24)?.toString() ?? null,
      nasIdentifier: valueOf(32)!.toString(),
      signedFirst: attributes[0]!.type === 80 && signature.equals(attributes[0]!.value),
      bytes: datagram.toString('hex'),
    };
  }

  /** RFC 2865 §5.2, backwards. */
  private reveal(hidden: Buffer, authenticator: Buffer): string {
    const shown = Buffer.alloc(hidden.length);
    for (let at = 0; at < hidden.length; at += 1) {
      const start = at - (at % 16);
      const before = start === 0 ? authenticator : hidden.subarray(start - 16, start);
      shown[at] = hidden[at]! ^ createHash('md5').update(this.secret).update(before).digest()[at % 16]!;
    }
    return shown.toString().replace(/\0+$/, '');
  }

  private write(question: Buffer, { code, messages = [], state, spoiled }: Reply): Buffer {
    const secret = spoiled === 'secret' ? 'another secret' : this.secret;
    const attributes = [
      ...(spoiled === 'no-message-authenticator' ? [] : [{ type: 80, value: Buffer.alloc(16) }]),
      ...messages.map((message) => ({ type: 18, value: Buffer.from(message) })),
      ...(state === undefined ? [] : [{ type: 24, value: Buffer.from(state) }]),
    ];
    const identifier = spoiled === 'identifier' ? (question[1]! + 1) % 256 : question[1]!;
    const packed = attributes.map(({ type, value }) =>
      Buffer.concat([Buffer.of(type, value.length + 2), value]),
    );
    const bytes = Buffer.concat([
      Buffer.of(CODES[code], identifier, 0, 0),
      question.subarray(4, 20),
      ...packed,
    ]);
    bytes.writeUInt16BE(bytes.length, 2);
    if (attributes[0]?.type === 80) {
      createHmac('md5', spoiled === 'message-authenticator' ? 'x' : secret)
        .update(bytes)
        .digest()
        .copy(bytes, 22);
    }
    createHash('md5').update(bytes).update(secret).digest().copy(bytes, 4);
    if (spoiled === 'authenticator') bytes[4]! ^= 1;
    return spoiled === 'cut' ? bytes.subarray(0, bytes.length - 1) : bytes;
  }
}

/** Written apart from the server's own reading of packets (RFC 2865 §5). */
function attributesOf(packet: Buffer): { type: number; value: Buffer }[] {
  const attributes = [];
  for (let at = 20; at < packet.length; at += packet[at + 1]!)
    attributes.push({ type: packet[at]!, value: packet.subarray(at + 2, at + packet[at + 1]!) });
  return attributes;
}
