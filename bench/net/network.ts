// Where servers and clients meet: a network namespace of their own with the congestion control `reno`, where the system lets us have one. Timers
// of `bbr` distort loopback.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

const SETTING = '/proc/sys/net/ipv4/tcp_congestion_control';
const SCRIPT = `ip link set lo up && echo reno > ${SETTING} && echo ready && exec cat`;

export interface Network {
  /** In front of each command. */
  readonly prefix: readonly string[];
  readonly about: string;
  close(): void;
}

export async function openNetwork(): Promise<Network> {
  const holder = spawn('unshare', ['-n', 'sh', '-c', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ready = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    once(holder, 'exit').then(() => false, () => false),
    once(holder, 'error').then(() => false),
  ]);
  return ready && spawnSync('nsenter', ['--version']).status === 0 ? ownNetwork(holder) : commonNetwork();
}

function ownNetwork(holder: ChildProcess): Network {
  return {
    prefix: ['nsenter', '-t', String(holder.pid), '-n'],
    about: 'in a network namespace with reno',
    close: () => void holder.stdin!.end(),
  };
}

function commonNetwork(): Network {
  const control = existsSync(SETTING) ? readFileSync(SETTING, 'utf8').trim() : 'unknown';
  return { prefix: [], about: `over loopback with ${control}`, close: () => undefined };
}
