import { describe, expect, it } from 'vitest';
import { AllowList, checkLiteral, guardedLookup, RefusedAddressError, specialRange } from './address-guard.js';

describe('specialRange', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '255.255.255.255',
    '224.0.0.1',
    '240.0.0.1',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    'fec0::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001:0:1::1',
    '2001:db8::1',
    '100::1',
  ])('%s is not public', (address) => {
    expect(specialRange(address)).toEqual(expect.any(String));
  });

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001::8a'])(
    '%s is public',
    (address) => {
      expect(specialRange(address)).toBeUndefined();
    },
  );
});

describe('checkLiteral', () => {
  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
  ])('sees through %s', (url) => {
    expect(() => checkLiteral(new URL(url).hostname)).toThrow(RefusedAddressError);
  });

  it('leaves public addresses and names alone', () => {
    checkLiteral('8.8.8.8');
    checkLiteral('localhost');
  });
});

describe('guardedLookup', () => {
  it.each([{ all: true }, { all: false }, {}])(
    'refuses a name that leads to this machine, with %o',
    async (options) => {
      const error = await new Promise((resolve) => guardedLookup('localhost', options, resolve));
      expect(error).toBeInstanceOf(RefusedAddressError);
      expect(String(error)).toMatch(/localhost \((127\.0\.0\.1|::1)\) is no public address but loopback/);
    },
  );
});

describe('AllowList', () => {
  it('lets through exactly host and port', () => {
    const allow = new AllowList('127.0.0.1:8080, Intranet.example:443,[::1]:80');
    const has = (url: string) => allow.has(new URL(url));
    expect(['http://127.0.0.1:8080/x', 'https://intranet.example/', 'http://[::1]/'].map(has)).toEqual([
      true,
      true,
      true,
    ]);
    expect(
      ['http://127.0.0.1/', 'http://intranet.example/', 'http://[::1]:81/', 'http://localhost:8080/'].map(has),
    ).toEqual([false, false, false, false]);
  });

  it.each(['127.0.0.1', 'http://x:80', 'x:y', '::1:80'])('names %s as no pair', (text) => {
    expect(() => new AllowList(text)).toThrow(`SIGNALBOX_FETCH_ALLOW: "${text}" is no host:port`);
  });
});
