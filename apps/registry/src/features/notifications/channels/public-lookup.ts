import { lookup as resolveHost, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Refuses a host that is written as an address and not public. @throws Error that names it */
export function checkHost(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0) checkAddress(hostname, address);
}

/** Resolves a name for a connection that is about to be made; fails when any of its addresses is not public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolveHost(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    try {
      for (const { address } of addresses) checkAddress(hostname, address);
    } catch (refused) {
      return callback(refused as Error, '', 0);
    }
    const [first] = addresses;
    if (first === undefined) return callback(new Error(`${hostname} has no address`), '', 0);
    if (options.all === true) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

function checkAddress(hostname: string, address: string): void {
  const range = ipaddr.parse(address).range();
  if (range === 'unicast') return;
  const what = hostname === address ? address : `${hostname} (${address})`;
  throw new Error(`${what} is no public address but ${range}, and the channel has "allowPrivate": false`);
}
