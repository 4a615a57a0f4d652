const NEWLINE = 0x0a;

/** Cuts a byte stream into lines of at most `maxBytes`. */
export class LineReader {
  #parts: Buffer[] = [];
  #size = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly onLine: (line: string) => void,
  ) {}

  /** @throws RangeError when a line is larger than allowed; the reader is of no use then */
  feed(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#take(chunk.subarray(start, end));
      start = end + 1;
      if (line !== '') this.onLine(line);
    }
    if (start < chunk.length) this.#keep(start === 0 ? chunk : chunk.subarray(start));
  }

  #take(tail: Buffer): string {
    if (this.#size === 0) {
      this.#check(tail.length);
      return trimReturn(tail.toString('utf8'));
    }
    this.#keep(tail);
    const line = Buffer.concat(this.#parts, this.#size).toString('utf8');
    this.#parts = [];
    this.#size = 0;
    return trimReturn(line);
  }

  #keep(part: Buffer): void {
    this.#check(this.#size + part.length);
    this.#parts.push(part);
    this.#size += part.length;
  }

  #check(size: number): void {
    if (size > this.maxBytes) throw new RangeError(`a line of more than ${this.maxBytes} bytes`);
  }
}

function trimReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
