import { lookup as lookupName } from 'node:dns/promises';
import { request } from 'undici';
import { LIMITS, type Route } from './config.js';

export type Lookup = (host: string) => Promise<readonly string[]>;

const systemLookup: Lookup = async (host) =>
  (await lookupName(host, { all: true, family: 4 })).map(({ address }) => address);

/** The replicas behind one name, and which of them take work. */
export class Replicas {
  #ready: readonly string[] = [];
  #known: readonly string[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    private readonly route: Pick<Route, 'host' | 'hostPort'>,
    private readonly lookup: Lookup = systemLookup,
  ) {}

  /** Looks for replicas once, then again and again. */
  async start(): Promise<void> {
    await this.#check();
    if (this.#ended) return;
    this.#timer = setTimeout(() => void this.start(), LIMITS.checkMs);
  }

  stop(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  /**
   * All that may be tried for a new connection, best first: in turn those that say they are ready, then the others, which
   * may still do better than nothing.
   */
  candidates(): readonly string[] {
    const turn = this.#ready.length === 0 ? 0 : this.#next++ % this.#ready.length;
    const others = this.#known.filter((address) => !this.#ready.includes(address));
    return [...this.#ready.slice(turn), ...this.#ready.slice(0, turn), ...others];
  }

  async #check(): Promise<void> {
    // a name service that is away says nothing about the replicas: the last answer counts
    this.#known = await this.lookup(this.route.host).catch(() => this.#known);
    const verdicts = await Promise.all(this.#known.map((address) => this.#isReady(address)));
    this.#ready = this.#known.filter((_, index) => verdicts[index]);
  }

  async #isReady(address: string): Promise<boolean> {
    try {
      const { statusCode, body } = await request(`http://${address}:${this.route.hostPort}/health/ready`, {
        signal: AbortSignal.timeout(LIMITS.checkTimeoutMs),
        headers: { connection: 'close' },
      });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }
}
