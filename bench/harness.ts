/**
 * The other side of a call, as cheap as possible: frames are built beforehand, and incoming data is only split into
 * messages. A client library costs more than the server being measured, and would dominate the result.
 */
import { createConnection } from "node:net"

/** A call on a socket. */
export interface Peer {
  /** Sends frames made by `frames`. */
  readonly send: (frames: Buffer) => void
  /** Closes as the protocol requires; resolves when the server has answered and the connection is closed. */
  readonly close: () => Promise<void>
  /** Called with each message. It is part of a larger buffer, and only valid until the next one. */
  onMessage: (payload: Buffer) => void
}

/** Text frames of a client, one after another. The mask is zero, but the server unmasks nevertheless. */
export const frames = (...messages: ReadonlyArray<object>): Buffer =>
  Buffer.concat(messages.map((message) => frame(0x81, Buffer.from(JSON.stringify(message)))))

const frame = (first: number, payload: Buffer): Buffer => {
  const long = payload.length > 125
  const head = Buffer.alloc(long ? 8 : 6)
  head[0] = first
  head[1] = 0x80 | (long ? 126 : payload.length)
  if (long) head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, payload])
}

const closing = frame(0x88, Buffer.from([0x03, 0xe8]))

/** Opens a socket. */
export const connect = (port: number): Promise<Peer> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1")
    let rest: Buffer = Buffer.alloc(0)
    let upgraded = false
    let closed = () => {}
    const peer: Peer = {
      send: (frames) => void socket.write(frames),
      close: () =>
        new Promise((resolve) => {
          closed = resolve
          socket.write(closing)
        }),
      onMessage: () => {}
    }

    const read = (data: Buffer) => {
      let at = 0
      while (at + 2 <= data.length) {
        let length = data[at + 1]!
        let begin = at + 2
        if (length === 126) {
          if (begin + 2 > data.length) break
          length = data.readUInt16BE(begin)
          begin += 2
        }
        if (begin + length > data.length) break
        if (data[at] === 0x81) peer.onMessage(data.subarray(begin, begin + length))
        else if (data[at] === 0x88) socket.end()
        // A peer that answers no ping is considered gone.
        else if (data[at] === 0x89) socket.write(frame(0x8a, data.subarray(begin, begin + length)))
        at = begin + length
      }
      rest = data.subarray(at)
    }

    socket.setNoDelay(true)
    socket.once("error", reject)
    socket.once("close", () => closed())
    socket.on("data", (chunk: Buffer) => {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      if (upgraded) return read(data)
      const end = data.indexOf("\r\n\r\n")
      if (end < 0) return void (rest = data)
      const status = data.subarray(9, 12).toString()
      if (status !== "101") return reject(new Error(`the server answered ${status}`))
      upgraded = true
      resolve(peer)
      read(data.subarray(end + 4))
    })
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
  })

const start = frames({
  type: "start",
  call_id: "bench",
  from: "+15550001111",
  to: "+15550002222",
  agent_call_id: "bench",
  agent: { id: "agent" },
  metadata: {}
})

/** Opens a call, and waits for its greeting. */
export const open = async (port: number): Promise<Peer> => {
  const peer = await connect(port)
  const greeted = new Promise<void>((resolve) => {
    peer.onMessage = () => resolve()
  })
  peer.send(start)
  await greeted
  return peer
}

/** The three messages of a user turn. */
export const userTurn = (text: string, id: string): Buffer =>
  frames(
    { type: "user_state", value: "speaking", event_id: `s${id}` },
    { type: "message", content: text, event_id: `m${id}` },
    { type: "user_state", value: "idle", event_id: id }
  )

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
