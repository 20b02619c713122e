/** One misbehaving call: `chaosCulprit.ts PORT NAME`. Reports when it is open, and starts when told to. */
import { once } from "node:events"
import { WebSocket } from "ws"

const [port, name = ""] = process.argv.slice(2)
const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false })
ws.on("error", () => {})

const say = (text: string) => {
  ws.send(JSON.stringify({ type: "user_state", value: "speaking" }))
  ws.send(JSON.stringify({ type: "message", content: text }))
  ws.send(JSON.stringify({ type: "user_state", value: "idle" }))
}
const again = (everyMs: number, send: () => void): void => {
  if (ws.readyState !== WebSocket.OPEN) return
  send()
  setTimeout(() => again(everyMs, send), everyMs)
}

const acts: { readonly [name: string]: () => void } = {
  floods: () =>
    again(10, () => {
      for (let i = 0; i < 500; i++) ws.send("{}")
    }),
  stalls: () => {
    say("talk")
    ws.pause()
  },
  "reports 1 MiB": () => {
    const big = JSON.stringify({ type: "agent_speech", content: "word ".repeat(209_715) })
    again(1000, () => ws.send(big))
  },
  blocks: () => say("block"),
  throws: () => say("throw")
}

await once(ws, "open")
ws.send(JSON.stringify({ type: "start", call_id: name }))
await once(ws, "message")
process.send!("open")
await once(process, "message")
acts[name]!()
