/** Base64, as Node does it: audio passes through here frame by frame. */

/** Encodes bytes. */
export const encode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

/** Decodes bytes; what is not base64 is skipped. */
export const decode = (text: string): Uint8Array => Buffer.from(text, "base64")
