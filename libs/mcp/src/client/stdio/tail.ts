/** The newest bytes of a stream, for error messages. */
export class Tail {
  #kept = Buffer.alloc(0);

  constructor(private readonly bytes: number) {}

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#kept, chunk]);
    this.#kept = Buffer.from(all.subarray(Math.max(0, all.length - this.bytes)));
  }

  text(): string {
    return this.#kept.toString('utf8').trim();
  }

  /** `; its last words: …`, at most 1500 characters, or nothing. */
  quoted(): string {
    const text = this.text();
    return text === '' ? '' : `; its last words: ${text.slice(-1500)}`;
  }
}
