// Random UUIDs of version 4, for names that must differ and are no secrets. node:crypto makes them, too, and its load costs a thread 11 to 18 ms.
// Math.random() is seeded by V8 from the system, for each thread.

/** 16 bytes, 122 bits of which are random. */
export function randomUuid(): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), at);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

/** As 36 characters: f81d4fae-7dec-41d0-a765-00a0c91e6bf6. */
export function uuidText(uuid: Buffer): string {
  return uuid.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
