const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/**
 * The event stream, for as long as the page is open. The browser reconnects by itself after most interruptions; where it
 * gives up (the server answered with an error), this does.
 */
export class LiveEvents extends EventTarget {
  #source;
  #timer;
  #retryMs = FIRST_RETRY_MS;
  #types;
  #type = '#';
  #last;

  /** @param {string[]} types every event type there is: an EventSource hears only what it is told to listen to */
  constructor(types) {
    super();
    this.#types = types;
  }

  /** @param {string} type routing key or pattern */
  open(type) {
    this.#type = type;
    this.#last = undefined;
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const query = new URLSearchParams({ mode: 'newest', type: this.#type });
    if (this.#last) query.set('after', this.#last);
    const source = new EventSource(`/events/stream?${query}`);
    this.#source = source;
    source.onopen = () => {
      this.#retryMs = FIRST_RETRY_MS;
      this.#tell('state', 'live');
    };
    source.onerror = () => {
      this.#tell('state', 'lost');
      if (source.readyState !== EventSource.CLOSED) return;
      this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    };
    source.addEventListener('skipped', () => this.#tell('skipped'));
    for (const type of this.#types) {
      source.addEventListener(type, (message) => {
        this.#last = message.lastEventId;
        this.#tell('event', JSON.parse(message.data));
      });
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
