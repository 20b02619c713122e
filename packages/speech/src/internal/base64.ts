/** Base64 by Node's `Buffer`, because audio passes through here frame by frame. */

/** Encodes bytes. */
export const encode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

/** Decodes bytes, skipping characters that are not base64. */
export const decode = (text: string): Uint8Array => Buffer.from(text, "base64")
