import { Injectable } from '@nestjs/common';
import { InjectContext } from './tokens.js';
import type { ServiceContext } from './service-context.js';

const CHECK_TIMEOUT_MS = 2_000;

/** Asks every port whether it answers; features may add what they depend on. */
@Injectable()
export class ReadinessProbe {
  readonly #checks = new Map<string, () => Promise<void>>();

  constructor(@InjectContext() { ports }: ServiceContext) {
    this.add('events', () => ports.events.ping());
    this.add('bus', () => ports.bus.ping());
    this.add('directory', () => ports.directory.ping());
    this.add('readModels', () => ports.readModels.ping());
  }

  /** @param check rejects with the reason when it is not ready */
  add(name: string, check: () => Promise<void>): void {
    this.#checks.set(name, check);
  }

  /** Name → `ok` or the reason why not. Each check has 2 s. */
  async check(): Promise<Record<string, string>> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await withTimeout(check).catch((e: Error) => e.message)]),
    );
    return Object.fromEntries(results) as Record<string, string>;
  }
}

async function withTimeout(check: () => Promise<void>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), timeout]);
    return 'ok';
  } finally {
    clearTimeout(timer);
  }
}
