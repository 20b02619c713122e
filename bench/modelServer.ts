/**
 * A provider as chat completions have it, in a process of its own: 40 tokens, one event and one write each. The model's
 * name says how: `quick` at once, `slow` one token every 25 ms, `tool` a call of the tool `wait`.
 */
import { createServer, type ServerResponse } from "node:http"

const tokens = 40
const event = (delta: object, finish_reason: string | null = null) => {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }]
  const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000, model: "bench", choices }
  return `data: ${JSON.stringify(chunk)}\n\n`
}
const head = event({ role: "assistant", content: "", refusal: null })
const token = (i: number) => event({ content: `token${i} ` })
const end = `${event({}, "stop")}data: [DONE]\n\n`
const wait = { index: 0, id: "call_1", type: "function", function: { name: "wait", arguments: "{}" } }
const call = `${head}${event({ tool_calls: [wait] })}${event({}, "tool_calls")}data: [DONE]\n\n`

const play = async (response: ServerResponse, pause: () => Promise<unknown>) => {
  response.write(head)
  for (let i = 0; i < tokens && !response.destroyed; i++) {
    await pause()
    response.write(token(i))
  }
  response.end(end)
}

createServer((request, response) => {
  if (request.url === "/status") return void response.end("ok")
  let body = ""
  request.setEncoding("utf8")
  request.on("data", (piece: string) => (body += piece))
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    const { model } = JSON.parse(body)
    if (model === "tool") response.end(call)
    else if (model === "slow") void play(response, () => new Promise((resolve) => setTimeout(resolve, 25)))
    else void play(response, () => new Promise((resolve) => setImmediate(resolve)))
  })
}).listen(Number(process.env.PORT ?? 8002))
