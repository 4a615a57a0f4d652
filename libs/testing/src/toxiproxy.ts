import { randomUUID } from 'node:crypto';
import { freePort } from './free-port.js';

/** A way to a server that a test can cut and slow down without touching the server: others may use it. */
export class ToxicWay {
  private constructor(
    private readonly api: string,
    private readonly name: string,
    /** On 127.0.0.1. */
    readonly port: number,
  ) {}

  /**
   * @param api of the toxiproxy (TOXIPROXY_URL)
   * @param target URL of the server, or `host:port`
   */
  static async to(api: string, target: string): Promise<ToxicWay> {
    const port = await freePort();
    const way = new ToxicWay(api, `signalbox-${randomUUID()}`, port);
    const upstream = target.includes('://') ? new URL(target).host : target;
    await way.call('POST', '/proxies', { name: way.name, listen: `127.0.0.1:${port}`, upstream, enabled: true });
    return way;
  }

  /** The same URL through this way. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  /** Ends all connections and refuses new ones. */
  async cut(): Promise<void> {
    await this.call('POST', `/proxies/${this.name}`, { enabled: false });
  }

  /** Keeps connections open, and lets nothing through any more: what is on its way is lost. */
  async swallow(): Promise<void> {
    for (const stream of ['upstream', 'downstream']) await this.toxic('timeout', stream, { timeout: 0 });
  }

  /** Swallows answers only: the server does what it was asked, and nobody hears of it. */
  async swallowAnswers(): Promise<void> {
    await this.toxic('timeout', 'downstream', { timeout: 0 });
  }

  async delay(ms: number, jitterMs = 0): Promise<void> {
    await this.toxic('latency', 'downstream', { latency: ms, jitter: jitterMs });
  }

  /** As if nothing had been. */
  async restore(): Promise<void> {
    const { toxics } = (await this.call('GET', `/proxies/${this.name}`)) as { toxics: { name: string }[] };
    for (const { name } of toxics) await this.call('DELETE', `/proxies/${this.name}/toxics/${name}`);
    await this.call('POST', `/proxies/${this.name}`, { enabled: true });
  }

  async close(): Promise<void> {
    await this.call('DELETE', `/proxies/${this.name}`);
  }

  private async toxic(type: string, stream: string, attributes: object): Promise<void> {
    await this.call('POST', `/proxies/${this.name}/toxics`, { name: `${type}-${stream}`, type, stream, attributes });
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.api + path, { method, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`toxiproxy: ${method} ${path} answers ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
