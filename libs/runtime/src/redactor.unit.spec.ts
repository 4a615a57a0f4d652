import { describe, expect, it } from 'vitest';
import { redactionRulesSchema, type RedactionRulesInput } from './redaction-rules.js';
import { Redactor } from './redactor.js';

const redactor = (rules?: RedactionRulesInput) => new Redactor(redactionRulesSchema.parse(rules));
const byDefault = redactor();
const R = '[redacted]';

describe('keys', () => {
  it.each(['password', 'Password', 'API_KEY', 'x-api-key', 'clientSecret', 'db_password', 'githubToken', 'Set-Cookie'])(
    'hides the value of %s',
    (key) => {
      expect(byDefault.redact({ [key]: 'v', other: 'v' })).toEqual({ [key]: R, other: 'v' });
    },
  );

  it.each(['tokens', 'maxTokens', 'progressToken', 'secretary', 'author', 'passwordless', 'keyboard', 'cookieBanner'])(
    'leaves the value of %s',
    (key) => {
      const value = { [key]: 'v' };
      expect(byDefault.redact(value)).toBe(value);
    },
  );

  it('hides whole objects, arrays and numbers', () => {
    expect(byDefault.redact({ credentials: { user: 'a' }, secret: [1], pwd: 1234 })).toEqual({
      credentials: R,
      secret: R,
      pwd: R,
    });
  });

  it('leaves what says nothing: null, nothing, switches, empty texts', () => {
    const value = { password: null, token: undefined, secret: true, pwd: '' };
    expect(byDefault.redact(value)).toBe(value);
  });

  it('takes keys and patterns from the rules', () => {
    const own = redactor({ keys: ['ssn'], keyPatterns: ['^internal_'], valuePatterns: [] });
    expect(own.redact({ SSN: 'x', internal_note: 'y', password: 'z' })).toEqual({
      SSN: R,
      internal_note: R,
      password: 'z',
    });
  });

  it('bears more keys than it remembers', () => {
    for (let i = 0; i < 30_000; i++) byDefault.redact({ [`key${i}`]: 1 });
    expect(byDefault.redact({ password: 'x', key1: 1 })).toEqual({ password: R, key1: 1 });
  });
});

describe('values', () => {
  const secrets = [
    'Bearer abc.def-ghi_jkl',
    `sk-${'a'.repeat(32)}`,
    `sk_live_${'a1'.repeat(10)}`,
    'AKIAIOSFODNN7EXAMPLE',
    `ghp_${'a'.repeat(36)}`,
    `github_pat_${'a'.repeat(40)}`,
    'xoxb-1234567890-abcdef',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIB\nabc\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\nMIIB cut off',
  ];

  it.each(secrets)('hides %s in the middle of a text', (secret) => {
    expect(byDefault.redact({ a: [`before ${secret}`] })).toEqual({ a: [`before ${R}`] });
    expect(byDefault.redact(secret)).toBe(R);
  });

  it('hides the user and password of a URL', () => {
    expect(byDefault.redact('postgres://me:hunter2@db.example.com/x')).toBe(`postgres${R}db.example.com/x`);
    expect(byDefault.redact('https://example.com:8080/a@b')).toBe('https://example.com:8080/a@b');
  });

  it('hides all of several', () => {
    expect(byDefault.redact(`${secrets[0]} and ${secrets[3]} remain`)).toBe(`${R} and ${R} remain`);
  });

  it('puts a replacement with $ in as it is', () => {
    expect(redactor({ replacement: "$&$'" }).redact('x AKIAIOSFODNN7EXAMPLE')).toBe("x $&$'");
  });

  it('combines patterns that refer to their own groups', () => {
    const own = redactor({ valuePatterns: ['(["\'])secret\\1', 'plain-[0-9]+'] });
    expect(own.redact(`"secret" plain-12 "secret'`)).toBe(`${R} ${R} "secret'`);
  });

  it('searches huge texts, across the borders of its windows', () => {
    const secret = secrets[8]!;
    for (const before of [64 * 1024 - 10, 48 * 1024 - 10, 200_000]) {
      const text = `${'x '.repeat(before / 2)}${secret} ${'y '.repeat(50_000)}`;
      expect(byDefault.redact(text) === text.replace(secret, R), `${before} before`).toBe(true);
    }
  });

  it('returns a huge text without secrets as it is, quickly', () => {
    const text = 'Lorem ipsum dolor sit amet. '.repeat(150_000);
    const start = performance.now();
    expect(byDefault.redact(text) === text).toBe(true);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it.each(['(a+)+$', '[', '(x*)*'])('does not accept the pattern %s', (pattern) => {
    const { error } = redactionRulesSchema.safeParse({ valuePatterns: [pattern] });
    expect(error?.issues[0]).toMatchObject({
      path: ['valuePatterns', 0],
      message: expect.stringContaining('without nested repetition'),
    });
  });

  it('accepts its own defaults when they are written down', () => {
    const rules = redactionRulesSchema.parse(undefined);
    expect(redactionRulesSchema.parse(JSON.parse(JSON.stringify(rules)))).toEqual(rules);
  });
});

describe('paths', () => {
  const own = redactor({
    paths: [
      { path: 'everywhere' },
      { server: 'crm', tool: 'lookup', part: 'result', path: 'content.*.text' },
      { server: 'crm', path: 'rows.0' },
    ],
  });

  it('hides what a path names, for its server, tool and part only', () => {
    const value = { content: [{ text: 'a' }, { text: 'b', type: 'text' }], everywhere: 1 };
    expect(own.redact(value, { server: 'crm', tool: 'lookup', part: 'result' })).toEqual({
      content: [{ text: R }, { text: R, type: 'text' }],
      everywhere: R,
    });
    for (const scope of [
      undefined,
      { server: 'crm', tool: 'lookup', part: 'arguments' },
      { server: 'crm', tool: 'other', part: 'result' },
      { server: 'files', tool: 'lookup', part: 'result' },
    ] as const) {
      expect(own.redact(value, scope)).toEqual({ ...value, everywhere: R });
    }
  });

  it('hides elements of arrays', () => {
    expect(own.redact({ rows: ['a', 'b'] }, { server: 'crm' })).toEqual({ rows: [R, 'b'] });
  });

  it.each([{ rows: 'text' }, { rows: [] }, { other: 1 }, null, 'text'])(
    'leaves %j, which has no such path',
    (value) => {
      expect(own.redact(value, { server: 'crm' })).toBe(value);
    },
  );
});

describe('identity', () => {
  it('never changes what it is given', () => {
    const value = Object.freeze({ a: Object.freeze([Object.freeze({ password: 'x' })]) });
    expect(byDefault.redact(value)).toEqual({ a: [{ password: R }] });
    expect(value).toEqual({ a: [{ password: 'x' }] });
  });

  it('returns the same reference when nothing matched, and shares untouched parts', () => {
    const clean = { a: [{ b: 'text that is long enough' }], n: 1 };
    expect(byDefault.redact(clean)).toBe(clean);
    const mixed = { clean, password: 'x' };
    expect((byDefault.redact(mixed) as typeof mixed).clean).toBe(clean);
  });

  it('does nothing when it is switched off', () => {
    const value = { password: 'x' };
    expect(redactor({ enabled: false }).redact(value)).toBe(value);
  });
});

describe('bounds', () => {
  it('replaces what lies deeper than 64 levels', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 10_000; i++) deep = { deep };
    const text = JSON.stringify(byDefault.redact(deep));
    expect(text.match(/deep/g)).toHaveLength(64);
    expect(text).toContain(R);
    expect(text).not.toContain('bottom');
  });

  it('keeps a key called __proto__ an ordinary key', () => {
    const value: unknown = JSON.parse('{"__proto__": {"password": "x"}}');
    const clean = byDefault.redact(value);
    expect(JSON.stringify(clean)).toBe(`{"__proto__":{"password":"${R}"}}`);
    expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  });

  it('costs at most 2 µs for a small payload', () => {
    const value = { path: '/sandbox/notes.txt', head: 10, options: { encoding: 'utf8', follow: true } };
    const times = Array.from({ length: 10 }, () => {
      const start = performance.now();
      for (let i = 0; i < 5000; i++) byDefault.redact(value);
      return ((performance.now() - start) * 1000) / 5000;
    });
    expect(Math.min(...times)).toBeLessThan(2);
  });
});
