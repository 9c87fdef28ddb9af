// From what a program asks for to numeric addresses, and back to what it is shown, as node:net does it.
import { isIP } from 'node:net';
import type { AddressInfo } from 'node:net';
import { nodeDns } from '../base/late-modules.js';
import type { Target } from './net-errors.js';
import type { Address } from './open-socket.js';
import type { Place } from './options.js';

/** All addresses of a place, in the order in which they should be tried. @throws node:dns's own errors, such as ENOTFOUND. */
export async function targetsOf({ port, host, path }: Place, hostDefault: string): Promise<Target[]> {
  if (path !== undefined) return [{ address: path, port: undefined }];
  const name = host === undefined || host === '' ? hostDefault : host;
  if (isIP(name) !== 0) return [{ address: name, port }];
  const found = await nodeDns().lookup(name, { all: true });
  return found.map(({ address }) => ({ address, port }));
}

/** As server.address() of node:net; the path of a Unix socket. */
export function addressInfoOf({ address, port }: Address): AddressInfo | string {
  // Of numeric addresses only those of IPv6 have colons. isIPv6() of node:net would compile its pattern first, which takes milliseconds.
  return port < 0 ? address : { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port };
}

/** A port as users see it: undefined for a path, whose port is -1. */
export function portOf(port: number | undefined): number | undefined {
  return port === undefined || port < 0 ? undefined : port;
}
