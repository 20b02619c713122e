/**
 * The floor of the telephone bench: a server written directly on `ws` that does what no server can leave out. It reads each message
 * of the carrier, decodes, resamples and judges its audio with Silero, and sends 100 ms of audio at a time, and a mark after each word.
 * There is no call behind it: nobody is recognised, answered, interrupted or recorded.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioTime from "@antiphon/speech/AudioTime"
import * as Vad from "@antiphon/speech/Vad"
import * as VadWindows from "@antiphon/speech/VadWindows"
import { Effect } from "effect"
import { createServer } from "node:http"
import { WebSocketServer, type WebSocket } from "ws"
import { wordMs } from "./telephoneCall.ts"
import { workingVad } from "./workingVad.ts"

const format = AudioFormat.mulaw8000
const messageMs = 100
const message = Buffer.alloc(AudioFormat.bytesOf(format, messageMs), 0x80)

const answer = (socket: WebSocket, detector: Vad.Detector): void => {
  const windows = VadWindows.make(detector, format)
  let streamSid = ""
  let heardMs = 0
  const send = (message: object) => socket.send(JSON.stringify({ streamSid, ...message }))
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString())
    if (frame.event === "start") streamSid = frame.start.streamSid
    if (frame.event !== "media") return
    const bytes = Buffer.from(frame.media.payload, "base64")
    windows.push({ format, bytes, time: AudioTime.make(heardMs) })
    heardMs += AudioFormat.durationMs(format, bytes.length)
    if (heardMs % messageMs === 0) send({ event: "media", media: { payload: message.toString("base64") } })
    if (heardMs % wordMs === 0) send({ event: "mark", mark: { name: String(heardMs) } })
  })
}

const serve = Effect.gen(function* () {
  const vad = yield* Vad.Vad
  const server = createServer((request, response) => {
    const url = `ws://${request.headers.host}/stream`
    response.setHeader("content-type", "text/xml")
    // A client that only asks whether the server is up reads no more than the status.
    response.end(`<Response><Connect><Stream url="${url}"/></Connect></Response>`)
  })
  new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) =>
    answer(socket, Effect.runSync(Effect.scoped(vad.make)))
  )
  server.listen(Number(process.env["PORT"]), "127.0.0.1")
  return yield* Effect.never
})
Effect.runFork(Effect.provide(serve, workingVad([])))
