/** Input that nobody sends on purpose, drawn from a seed: the same seed gives the same noise. */

/** Draws. */
export interface Noise {
  /** An integer from 0 up to, but not including, a limit. */
  readonly below: (limit: number) => number
  readonly one: <A>(choices: ReadonlyArray<A>) => A
  readonly chance: (share: number) => boolean
}

export const make = (seed: number): Noise => {
  let state = seed >>> 0
  // Mulberry32.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
  return {
    below: (limit) => Math.floor(next() * limit),
    one: (choices) => choices[Math.floor(next() * choices.length)]!,
    chance: (share) => next() < share
  }
}

const sizes = [0, 1, 2, 3, 7, 15, 100, 125, 126, 127, 1000, 65_535, 65_536]

export const bytes = (noise: Noise, length: number = noise.one(sizes)): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => noise.below(256)))

const strings = [
  "",
  "hello",
  "\u0000",
  "\u001b[2J\u001b]52;c;eA==\u0007",
  "\ud800",
  "\udc00\ud800",
  "😀".repeat(50),
  "\u202e",
  "a\nb\r\n",
  "[The caller pressed 9]",
  "__proto__",
  "x".repeat(5000),
  "https://example.com/%00",
  "../../etc/passwd",
  "${jndi:x}",
  "0",
  "1e400",
  "speaking",
  "idle",
  "start"
]
const keys = [
  "type",
  "content",
  "value",
  "metadata",
  "event_id",
  "button",
  "call_id",
  "agent",
  "from",
  "__proto__",
  "constructor",
  "toString",
  "x",
  ""
]
const types = [
  "start",
  "message",
  "dtmf",
  "user_state",
  "agent_state",
  "agent_speech",
  "custom",
  "validation_error",
  "error",
  "end_call",
  "",
  "Message"
]

/** A JSON value of any shape. */
export const value = (noise: Noise, depth = 4): unknown => {
  switch (noise.below(depth > 0 ? 8 : 6)) {
    case 0:
      return null
    case 1:
      return noise.chance(0.5)
    case 2:
      return noise.one([0, -0, 1, -1, 1.5, 1e308, 2 ** 53, -(2 ** 63), 1e-320])
    case 3:
    case 4:
    case 5:
      return noise.one(strings)
    case 6:
      return Array.from({ length: noise.below(5) }, () => value(noise, depth - 1))
    default:
      return Object.fromEntries(
        Array.from({ length: noise.below(6) }, () => [noise.one(keys), value(noise, depth - 1)])
      )
  }
}

/** A platform's message with some of its fields wrong, or none. */
export const message = (noise: Noise): unknown => {
  const whole: Record<string, unknown> = {
    type: noise.one(types),
    content: noise.one(strings),
    value: noise.one(["speaking", "idle"]),
    button: noise.one(["1", "#", ""]),
    metadata: value(noise, 2),
    call_id: noise.one(strings)
  }
  for (let i = noise.below(4); i > 0; i--) {
    const key = noise.one(keys)
    if (noise.chance(0.3)) delete whole[key]
    else
      Object.defineProperty(whole, key, {
        value: value(noise, 3),
        enumerable: true,
        configurable: true,
        writable: true
      })
  }
  return whole
}

/** Text with parts of it cut, doubled, moved or changed. */
export const mangled = (noise: Noise, text: string): string => {
  let mangled = text
  for (let i = noise.below(4); i > 0; i--) {
    const at = noise.below(mangled.length + 1)
    const to = at + noise.below(8)
    switch (noise.below(5)) {
      case 0:
        mangled = mangled.slice(0, at)
        break
      case 1:
        mangled = mangled.slice(0, at) + mangled.slice(to)
        break
      case 2:
        mangled = mangled.slice(0, to) + mangled.slice(at)
        break
      case 3:
        mangled = mangled.slice(0, at) + String.fromCharCode(noise.below(0x1_0000)) + mangled.slice(at)
        break
      default:
        mangled =
          mangled.slice(0, at) +
          noise.one(["[", "{", '"', "\\", "}", "]", ",", ":", "\u0000"]).repeat(noise.below(3000)) +
          mangled.slice(at)
    }
  }
  return mangled
}

/** The text of a message, valid or not. */
export const text = (noise: Noise): string => {
  const json = JSON.stringify(noise.chance(0.7) ? message(noise) : value(noise)) ?? ""
  return noise.chance(0.4) ? mangled(noise, json) : json
}

/** A WebSocket frame with anything wrong in it. */
export const frame = (noise: Noise): Buffer => {
  const sound = noise.chance(0.6)
  const payload = noise.chance(0.7) ? Buffer.from(text(noise)) : bytes(noise)
  const opcode = sound ? noise.one([1, 1, 1, 2, 0, 9, 10, 8]) : noise.below(16)
  const flags = sound ? 0x80 : noise.below(16) << 4
  const masked = sound || noise.chance(0.7)
  const length = sound || noise.chance(0.5) ? payload.length : noise.one([...sizes, 2 ** 31, 2 ** 40])
  const head = [flags | opcode]
  const mask = masked ? 0x80 : 0
  const long = Buffer.alloc(8)
  if (length < 126) head.push(mask | length)
  else if (length < 65_536) {
    long.writeUInt16BE(length)
    head.push(mask | 126, ...long.subarray(0, 2))
  } else {
    long.writeBigUInt64BE(BigInt(length))
    head.push(mask | 127, ...long)
  }
  return Buffer.concat([Buffer.from(head), masked ? Buffer.alloc(4) : Buffer.alloc(0), payload])
}

/** An HTTP request with anything wrong in it. */
export const request = (noise: Noise): Buffer => {
  const body = noise.chance(0.7) ? Buffer.from(text(noise)) : bytes(noise)
  const line = `${noise.one(["POST", "GET", "PUT", "OPTIONS", "TRACE", "HEAD", "PO ST", ""])} ${noise.one(["/chats", "/status", "/ready", "/ws", "/", "//ws", "/%00", "/../x", "*", "http://x/chats", "/chats?x=%"])} HTTP/${noise.one(["1.1", "1.1", "1.1", "1.0", "2", "9.9"])}`
  const headers = [
    `Host: ${noise.one(["localhost", "127.0.0.1", "evil.example", "", "x y"])}`,
    `Content-Length: ${noise.chance(0.7) ? body.length : noise.one(["-1", "1e9", "9999999999", "x", "0", "5, 6"])}`,
    "Content-Type: application/json",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Connection: close",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Transfer-Encoding: chunked",
    `Authorization: Bearer ${noise.one(strings)}`,
    `Origin: ${noise.one(["null", "http://localhost", "ftp://localhost", "x"])}`,
    `X-Forwarded-For: ${noise.one(strings)}`,
    `X: ${"y".repeat(noise.below(2) * 20_000)}`
  ].filter((_, i) => i < 2 || noise.chance(0.25))
  const head = Buffer.from(`${line}\r\n${headers.join("\r\n")}\r\n\r\n`, "latin1")
  const whole = Buffer.concat([head, body])
  return noise.chance(0.3) ? Buffer.from(mangled(noise, whole.toString("latin1")), "latin1") : whole
}
