/**
 * A provider of chat completions in its own process: one event and one write per token. The model's name selects how it
 * answers:
 *
 * - `quick`: 40 tokens, at once;
 * - `slow`: 40 tokens, one every 20 ms;
 * - `stamped`: as `slow`, and each token is the time at which it was written, in milliseconds of the machine's clock;
 * - `first`: as `quick`, but the first token comes after 5 ms and holds the time at which the request was read and, behind
 *   a colon, the time at which it was written itself;
 * - `endless`: a token every 20 ms until the connection is closed;
 * - `tool`: a call of the tool `wait`, and 40 tokens where the prompt ends with its result.
 *
 * `GET /seen` returns what the last prompt contained, and how many answers are still being written.
 */
import { createServer, type ServerResponse } from "node:http"
import { now } from "./report.ts"

/** The contents of the last prompt. */
export interface Seen {
  readonly messages: number
  /** Length of the prompt's texts. */
  readonly characters: number
  /** Tool calls in the prompt, and how many of them have no result: a provider rejects such a prompt. */
  readonly toolCalls: number
  readonly unanswered: number
  readonly lastToolResult: string | undefined
  /** Answers being written now. */
  readonly open: number
}

interface Message {
  readonly role: string
  readonly content?: string | ReadonlyArray<{ readonly text?: string }> | null
  readonly tool_calls?: ReadonlyArray<{ readonly id: string }>
  readonly tool_call_id?: string
}

const tokens = 40
const pauseMs = 20
const chunk = (choices: ReadonlyArray<object>, rest: object = {}) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1700000000, model: "bench", choices, ...rest })}\n\n`
const event = (delta: object, finish_reason: string | null = null) =>
  chunk([{ index: 0, delta, logprobs: null, finish_reason }])
const head = event({ role: "assistant", content: "", refusal: null })
const token = (content: string) => event({ content })
const usage = chunk([], { usage: { prompt_tokens: 10, completion_tokens: tokens, total_tokens: tokens + 10 } })
const done = "data: [DONE]\n\n"
const wait = { index: 0, id: "call_1", type: "function", function: { name: "wait", arguments: "{}" } }

const atOnce = () => new Promise<void>((resolve) => void setImmediate(resolve))
const later = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))

interface Manner {
  readonly pause: (i: number) => Promise<void>
  readonly content: (i: number, receivedAt: number) => string
}
const plain = (i: number) => `token${i} `
const manners: Readonly<Record<string, Manner>> = {
  quick: { pause: atOnce, content: plain },
  slow: { pause: () => later(pauseMs), content: plain },
  endless: { pause: () => later(pauseMs), content: plain },
  stamped: { pause: () => later(pauseMs), content: () => `${now().toFixed(3)} ` },
  first: {
    pause: (i) => (i === 0 ? later(5) : atOnce()),
    content: (i, receivedAt) => (i === 0 ? `${receivedAt.toFixed(3)}:${now().toFixed(3)} ` : plain(i))
  }
}

let open = 0
let last: Omit<Seen, "open"> = { messages: 0, characters: 0, toolCalls: 0, unanswered: 0, lastToolResult: undefined }

const textOf = ({ content }: Message): string =>
  typeof content === "string" ? content : (content ?? []).map(({ text }) => text ?? "").join("")

const look = (messages: ReadonlyArray<Message>): Omit<Seen, "open"> => {
  const results = messages.filter(({ role }) => role === "tool")
  const answered = new Set(results.map((message) => message.tool_call_id))
  const calls = messages.flatMap((message) => message.tool_calls ?? [])
  const lastResult = results.at(-1)
  return {
    messages: messages.length,
    characters: messages.reduce((sum, message) => sum + textOf(message).length, 0),
    toolCalls: calls.length,
    unanswered: calls.filter(({ id }) => !answered.has(id)).length,
    lastToolResult: lastResult === undefined ? undefined : textOf(lastResult)
  }
}

const play = async (response: ServerResponse, manner: Manner, count: number, end: string) => {
  const receivedAt = now()
  response.write(head)
  for (let i = 0; i < count && !response.destroyed; i++) {
    await manner.pause(i)
    response.write(token(manner.content(i, receivedAt)))
  }
  response.end(`${event({}, "stop")}${end}`)
}

createServer((request, response) => {
  if (request.url === "/status") return void response.end("ok")
  if (request.url === "/seen") return void response.end(JSON.stringify({ ...last, open } satisfies Seen))
  let body = ""
  request.setEncoding("utf8")
  request.on("data", (piece: string) => (body += piece))
  request.on("end", () => {
    // Requests that only warm up a connection are answered like those a provider cannot read.
    if (body === "" || body === "{}") return void response.writeHead(400).end("{}")
    open++
    response.once("close", () => open--)
    const prompt = JSON.parse(body) as {
      readonly model: string
      readonly messages: ReadonlyArray<Message>
      readonly stream_options?: { readonly include_usage?: boolean }
    }
    last = look(prompt.messages)
    const end = prompt.stream_options?.include_usage === true ? usage + done : done
    response.writeHead(200, { "content-type": "text/event-stream" })
    if (prompt.model === "tool" && prompt.messages.at(-1)?.role !== "tool") {
      return void response.end(`${head}${event({ tool_calls: [wait] })}${event({}, "tool_calls")}${end}`)
    }
    const manner = manners[prompt.model] ?? manners.quick!
    void play(response, manner, prompt.model === "endless" ? Number.POSITIVE_INFINITY : tokens, end)
  })
}).listen(Number(process.env.PORT ?? 8002))
