// The task that the hop suite's pool runs: the bytes that come go back, moved.
import { move } from 'piscina';

export function back(bytes: Uint8Array<ArrayBuffer>): unknown {
  return move(bytes);
}
