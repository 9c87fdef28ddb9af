// Topics in the metadata of a member that follows the protocol "consumer".

/** Version i16, then the topics: a count i32, and each with its length i16. Undefined for bytes that are something else. */
export function subscribedTopics(metadata: Uint8Array): readonly string[] | undefined {
  const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  try {
    const topics: string[] = [];
    let at = 6;
    for (let left = bytes.readInt32BE(2); left > 0; left--) {
      const end = at + 2 + bytes.readInt16BE(at);
      if (end > bytes.length || end < at + 2) return undefined;
      topics.push(bytes.toString('utf8', at + 2, end));
      at = end;
    }
    return topics;
  } catch {
    return undefined;
  }
}
