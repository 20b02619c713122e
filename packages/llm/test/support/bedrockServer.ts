/** Anthropic's messages in AWS's event stream, as Bedrock sends them. */
import { crc32 } from "node:zlib"
import type { Script } from "./mockServer.ts"

const text = new TextEncoder()

const header = (name: string, value: string): Uint8Array => {
  const [nameBytes, valueBytes] = [text.encode(name), text.encode(value)]
  return Buffer.concat([
    Uint8Array.of(nameBytes.length),
    nameBytes,
    Uint8Array.of(7, valueBytes.length >> 8, valueBytes.length & 0xff),
    valueBytes
  ])
}

/** One message of the stream. */
export const message = (headers: { readonly [name: string]: string }, payload: string): Uint8Array =>
  raw(Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value))), payload)

/** One message, with its headers as bytes. */
export const raw = (head: Uint8Array, payload: string): Uint8Array => {
  const body = text.encode(payload)
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(12 + head.length + body.length + 4, 0)
  prelude.writeUInt32BE(head.length, 4)
  const checked = Buffer.alloc(12)
  prelude.copy(checked)
  checked.writeUInt32BE(crc32(prelude), 8)
  const sum = Buffer.alloc(4)
  const whole = Buffer.concat([checked, head, body])
  sum.writeUInt32BE(crc32(whole), 0)
  return Buffer.concat([whole, sum])
}

/** A server-sent event as a chunk. Anything that is not one becomes an event of an unknown kind. */
export const frame = (event: string): Uint8Array => {
  const data = event.split("\n").find((line) => line.startsWith("data: "))
  if (data === undefined) return message({ ":message-type": "event", ":event-type": "keepAlive" }, "{}")
  const bytes = Buffer.from(data.slice("data: ".length)).toString("base64")
  return message(
    { ":event-type": "chunk", ":content-type": "application/json", ":message-type": "event" },
    JSON.stringify({ bytes, p: "abcdefgh" })
  )
}

export const exception = (type: string, said: string): Uint8Array =>
  message(
    { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" },
    JSON.stringify({ message: said })
  )

/** A script for Anthropic, as Bedrock plays it. */
export const play = (script: Script): Script => ({
  ...script,
  headers: { "content-type": "application/vnd.amazon.eventstream", ...script.headers },
  pieces: script.pieces.map((piece) => (typeof piece === "string" ? frame(piece) : piece))
})

export const failure = (status: number, type: string, headers: Record<string, string> = {}): Script => ({
  status,
  headers: {
    "content-type": "application/json",
    "x-amzn-errortype": `${type}:`,
    "x-amzn-requestid": "req_1",
    ...headers
  },
  pieces: [JSON.stringify({ message: "the secret prompt sk-123" })]
})
