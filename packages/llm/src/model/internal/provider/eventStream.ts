/**
 * Reads AWS's binary event streams, in which Bedrock sends the events of other providers.
 *
 * A message is its length, the length of its headers, a checksum of these two, headers, payload, and a checksum of all that
 * (https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream).
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type * as Sse from "./sse.ts"
import * as WireJson from "./wireJson.ts"

/** Names and types of the headers that are read; all others are skipped. */
const string = 7
/** Bytes of a header's value by its type; -1 if two bytes before it tell. */
const sizes: ReadonlyArray<number> = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16]
const preludeBytes = 12
const checksumBytes = 4
/** The longest message that AWS sends: 16 MB. */
const longest = 16 * 1024 * 1024 + preludeBytes + checksumBytes

/**
 * Makes a parser, which gives the events as server-sent ones. Messages may be split anywhere. Other data becomes an
 * event that is not JSON; an exception becomes an event of type `error`.
 */
export const makeParser = (): Sse.Parser => {
  let held: Array<Uint8Array> = []
  let heldBytes = 0
  /** Number of bytes that the next message needs, if known. */
  let needed = preludeBytes
  let broken = false
  return (bytes) => {
    const events: Array<Sse.ServerEvent> = []
    if (broken) return events
    held.push(bytes)
    heldBytes += bytes.length
    // Joined only if a message is complete, so that a message in many pieces is not copied again with each piece.
    if (heldBytes < needed) return events
    const data = held.length === 1 ? bytes : joined(held, heldBytes)
    let at = 0
    needed = preludeBytes
    while (data.length - at >= preludeBytes) {
      const view = new DataView(data.buffer, data.byteOffset + at, data.length - at)
      const length = view.getUint32(0)
      const headers = view.getUint32(4)
      const isSound = length <= longest && headers + preludeBytes + checksumBytes <= length
      if (!isSound || checksum(data, at, at + 8) !== view.getUint32(8)) {
        broken = true
        events.push(nonsense)
        return events
      }
      if (view.byteLength < length) {
        needed = length
        break
      }
      if (checksum(data, at, at + length - checksumBytes) !== view.getUint32(length - checksumBytes)) {
        broken = true
        events.push(nonsense)
        return events
      }
      const payloadAt = at + preludeBytes + headers
      const event = toEvent(
        headersOf(data.subarray(at + preludeBytes, payloadAt)),
        data.subarray(payloadAt, at + length - checksumBytes)
      )
      if (event !== undefined) events.push(event)
      at += length
    }
    held = at === data.length ? [] : [data.slice(at)]
    heldBytes = data.length - at
    return events
  }
}

const nonsense: Sse.ServerEvent = { event: undefined, data: "not an event stream" }

const joined = (pieces: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const utf8 = new TextDecoder()

/** The headers that hold text, by name. */
const headersOf = (bytes: Uint8Array): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes[at]!
    const name = utf8.decode(bytes.subarray(at + 1, nameEnd))
    const type = bytes[nameEnd] ?? 0
    const size = sizes[type]
    if (size === undefined) break
    const begin = nameEnd + (size < 0 ? 3 : 1)
    const end = begin + (size < 0 ? ((bytes[nameEnd + 1] ?? 0) << 8) + (bytes[nameEnd + 2] ?? 0) : size)
    if (type === string) found.set(name, utf8.decode(bytes.subarray(begin, end)))
    at = end
  }
  return found
}

const toEvent = (headers: ReadonlyMap<string, string>, payload: Uint8Array): Sse.ServerEvent | undefined => {
  const text = utf8.decode(payload)
  switch (headers.get(":message-type")) {
    case "exception":
      return failure(headers.get(":exception-type"), WireJson.parse(text))
    case "error":
      return failure(headers.get(":error-code"), { message: headers.get(":error-message") })
    default: {
      // Keep-alives, and unknown events.
      if (headers.get(":event-type") !== "chunk") return undefined
      const chunk = WireJson.parse(text)
      const inner = Predicate.hasProperty(chunk, "bytes") && typeof chunk.bytes === "string" ? chunk.bytes : undefined
      return inner === undefined ? nonsense : { event: undefined, data: ofBase64(inner) }
    }
  }
}

const failure = (type: string | undefined, body: unknown): Sse.ServerEvent => {
  const message = Predicate.hasProperty(body, "message") ? body.message : undefined
  return { event: "error", data: JSON.stringify({ type: "error", error: { type, message } }) }
}

const ofBase64 = (text: string): string => {
  try {
    return utf8.decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)))
  } catch {
    return nonsense.data
  }
}

/** CRC-32, as in gzip. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

const checksum = (bytes: Uint8Array, from: number, to: number): number => {
  let value = 0xffffffff
  for (let at = from; at < to; at++) value = table[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}
