import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '@signalbox/ports';

export interface OutputLine {
  /** Counts the lines of a server since this executor started; to ask for what came after it. */
  readonly n: number;
  /** RFC 3339. */
  readonly time: string;
  /** Of the process that wrote it. */
  readonly pid?: number;
  readonly text: string;
}

export interface OutputLimits {
  readonly maxLines: number;
  readonly maxLineChars: number;
}

interface OpenLine {
  readonly decoder: StringDecoder;
  text: string;
  isSecret: boolean;
}

const MAX_PROCESSES = 1_000;
const KEY_BEGINS = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const KEY_ENDS = /-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const CUT = ' …';

/** The newest lines that the processes of one server have written to their standard error, without secrets. */
export class ServerOutput {
  #lines: OutputLine[] = [];
  #count = 0;
  /** Of each process, what has not ended with a line feed yet. */
  readonly #open = new Map<number | undefined, OpenLine>();

  /** @param scrub takes secrets out of a line */
  constructor(
    private readonly limits: OutputLimits,
    private readonly clock: Clock,
    private readonly scrub: (line: string) => string,
  ) {}

  add(chunk: Buffer, pid?: number): void {
    const open = this.#openOf(pid);
    const [first = '', ...others] = open.decoder.write(chunk).split('\n');
    open.text = this.#appended(open.text, first);
    for (const text of others) {
      this.#push(open, pid);
      open.text = this.#appended('', text);
    }
  }

  /** @param after only lines whose `n` is greater @param limit the newest of them */
  read(after: number, limit: number): OutputLine[] {
    return this.#lines.filter(({ n }) => n > after).slice(-limit);
  }

  /** Bounded before it is a line: a server may write for ever without ending one. */
  #appended(before: string, text: string): string {
    // one more than is kept tells that there was more
    return before.length > this.limits.maxLineChars ? before : before + text.slice(0, this.limits.maxLineChars + 1);
  }

  #push(open: OpenLine, pid: number | undefined): void {
    const raw = open.text.replace(/\r$/, '');
    const begins = KEY_BEGINS.test(raw);
    const hidden = open.isSecret || begins;
    open.isSecret = hidden && !KEY_ENDS.test(raw);
    // a key is told once; its other lines say nothing
    if (hidden && !begins) return;
    const { maxLines, maxLineChars } = this.limits;
    const clean = this.scrub(raw);
    const text = clean.length > maxLineChars ? clean.slice(0, maxLineChars) + CUT : clean;
    const time = new Date(this.clock.now()).toISOString();
    this.#lines.push({ n: ++this.#count, time, ...(pid === undefined ? {} : { pid }), text });
    // not one by one: that would move the whole list for each line
    if (this.#lines.length >= maxLines * 2) this.#lines = this.#lines.slice(-maxLines);
  }

  #openOf(pid: number | undefined): OpenLine {
    const known = this.#open.get(pid);
    if (known) return known;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_PROCESSES) this.#open.delete(oldest);
    const made = { decoder: new StringDecoder('utf8'), text: '', isSecret: false };
    this.#open.set(pid, made);
    return made;
  }
}
