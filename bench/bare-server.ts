/**
 * The floor of the benches: the agent of `echoAgent.ts` written directly on `ws`, without a call around it. It parses
 * every frame as JSON, answers a finished user turn, and streams one message a millisecond on request.
 */
import { createServer } from "node:http"
import { WebSocketServer } from "ws"

const http = createServer((_, response) => response.end("ok"))

new WebSocketServer({ server: http, path: "/ws", perMessageDeflate: false }).on("connection", (socket) => {
  let text = ""
  let timer: NodeJS.Timeout | undefined
  const say = (content: string, responding_to: string | null) =>
    socket.send(JSON.stringify({ type: "message", content, interruptible: true, responding_to }))
  const stop = () => clearInterval(timer)
  socket.on("close", stop)
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString())
    if (frame.type === "start") say("Welcome.", null)
    else if (frame.type === "message") text = frame.content
    else if (frame.type === "user_state" && frame.value === "speaking") stop()
    else if (frame.type === "user_state" && text !== "stream") say(`You said: ${text}`, frame.event_id)
    else if (frame.type === "user_state") {
      let i = 0
      timer = setInterval(() => say(`tok${i++} `, frame.event_id), 1)
    }
  })
})

http.listen(Number(process.env.PORT ?? 8001))
