/**
 * Mu-law and A-law, the one-byte samples of telephone lines (ITU-T G.711).
 *
 * Both directions are table lookups. The encoding tables (65,536 entries) are built on first use.
 *
 * @since 0.1.0
 */

/** Decodes mu-law to 16-bit samples. Values range from -32124 to 32124. */
export const decodeMulaw = (bytes: Uint8Array): Int16Array => decode(bytes, mulaw.linear)

/** Decodes A-law to 16-bit samples. Values range from -32256 to 32256. A-law has no zero: silence decodes to 8. */
export const decodeAlaw = (bytes: Uint8Array): Int16Array => decode(bytes, alaw.linear)

/** Encodes 16-bit samples in mu-law. Zero becomes `0xff`. */
export const encodeMulaw = (samples: Int16Array): Uint8Array => encode(samples, mulaw.codes())

/** Encodes 16-bit samples in A-law. Zero becomes `0xd5`. */
export const encodeAlaw = (samples: Int16Array): Uint8Array => encode(samples, alaw.codes())

const decode = (bytes: Uint8Array, linear: Int16Array): Int16Array => {
  const samples = new Int16Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) samples[i] = linear[bytes[i]!]!
  return samples
}

const encode = (samples: Int16Array, codes: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(samples.length)
  for (let i = 0; i < samples.length; i++) bytes[i] = codes[samples[i]! & 0xffff]!
  return bytes
}

/** The index of the highest bit that is set. */
const highestBit = (value: number): number => 31 - Math.clz32(value)

/** The bias of 132 makes all eight segments start at powers of two. On the wire every bit is inverted. */
const mulawCode = (sample: number): number => {
  const magnitude = Math.min(Math.abs(sample), 32635) + 132
  const segment = highestBit(magnitude) - 7
  const code = (segment << 4) | ((magnitude >> (segment + 3)) & 15)
  return ~(sample < 0 ? code | 0x80 : code) & 0xff
}

const mulawLinear = (byte: number): number => {
  const code = ~byte & 0xff
  const magnitude = (((code & 15) << 3) + 132) << ((code >> 4) & 7)
  return code & 0x80 ? 132 - magnitude : magnitude - 132
}

/**
 * On the wire every second bit is inverted. Negative samples are mirrored around -1/2, as in ITU-T's reference code
 * (G.191).
 */
const alawCode = (sample: number): number => {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4
  const segment = Math.max(0, highestBit(magnitude | 1) - 3)
  const code = segment < 1 ? magnitude : (segment << 4) | ((magnitude >> (segment - 1)) & 15)
  return (sample < 0 ? code : code | 0x80) ^ 0x55
}

const alawLinear = (byte: number): number => {
  const code = byte ^ 0x55
  const segment = (code >> 4) & 7
  const magnitude = segment === 0 ? ((code & 15) << 4) + 8 : (((code & 15) << 4) + 0x108) << (segment - 1)
  return code & 0x80 ? magnitude : -magnitude
}

const tables = (code: (sample: number) => number, linear: (byte: number) => number) => {
  let codes: Uint8Array | undefined
  return {
    linear: Int16Array.from({ length: 256 }, (_, byte) => linear(byte)),
    /** Indexed by the sample's 16 bits, read as an unsigned number. */
    codes: () => (codes ??= Uint8Array.from({ length: 65536 }, (_, bits) => code((bits << 16) >> 16)))
  }
}

const mulaw = tables(mulawCode, mulawLinear)
const alaw = tables(alawCode, alawLinear)
