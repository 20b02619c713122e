/**
 * The model provider of a case: a server for chat completions that streams the case's replies in order, as OpenAI does, and
 * keeps the requests it received.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import type * as Case from "./Case.ts"

type Json = { readonly [key: string]: unknown }

/** A running provider. */
export interface ModelFixture {
  /** The base address of chat completions, without a trailing slash. */
  readonly address: string
  /** The requests of the model so far, in order, in the notation of the case files. The list grows. */
  readonly requests: ReadonlyArray<Json>
}

interface Message extends Json {
  readonly role: string
  readonly content?: unknown
  readonly tool_calls?: ReadonlyArray<{ readonly id: string; readonly function: { readonly name: string } }>
  readonly tool_call_id?: string
}

/**
 * A request as files write it: the model under the name of its provider, tools without their envelope, and of all else what
 * says more than that the answer is to be streamed. A tool's answer carries the name of the tool, which OpenAI has no place
 * for: it is that of the call that is answered.
 */
const describe = ({ messages, model, stream: _, stream_options: __, tools, ...params }: Json): Json => {
  const names = new Map<unknown, string>()
  const described = (messages as ReadonlyArray<Message>).map((message) => {
    for (const { function: called, id } of message.tool_calls ?? []) names.set(id, called.name)
    if (message.role === "tool") return { ...message, name: names.get(message.tool_call_id) }
    const { content, ...rest } = message
    return content === null ? rest : message
  })
  const offered = tools as ReadonlyArray<{ readonly function: Json }> | undefined
  return {
    model: `openai/${String(model)}`,
    messages: described,
    ...(offered === undefined ? {} : { tools: offered.map((tool) => tool.function) }),
    params
  }
}

const failure = (message: string) => ({ error: { message, type: "server_error", param: null, code: null } })

const frame = (body: object) => `data: ${JSON.stringify(body)}\n\n`
const envelope = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_700_000_000, model: "gpt-4o" }
const chunk = (delta: object, finish_reason: string | null = null) =>
  frame({ ...envelope, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })
const usage = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 }

/** The arguments of a call come in three pieces. */
const pieces = (text: string): ReadonlyArray<string> => {
  const length = Math.max(1, Math.ceil(text.length / 3))
  return Array.from({ length: Math.ceil(text.length / length) }, (_, i) => text.slice(i * length, (i + 1) * length))
}

const toolCall = ({ arguments: args, id, name }: NonNullable<Case.Delta["tool_call"]>, index: number) => {
  const text = typeof args === "string" ? args : JSON.stringify(args)
  const head = chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] })
  return (
    head +
    pieces(text)
      .map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] }))
      .join("")
  )
}

const piece = ({ arguments: args, id, index = 0, name }: NonNullable<Case.Delta["tool_call_delta"]>) => {
  const called = { ...(name === undefined ? {} : { name }), ...(args === undefined ? {} : { arguments: args }) }
  return chunk({ tool_calls: [{ index, ...(id === undefined ? {} : { id, type: "function" }), function: called }] })
}

const answer = async (
  reply: ReadonlyArray<Case.Delta> | undefined,
  response: ServerResponse,
  signal: AbortSignal
): Promise<unknown> => {
  const refuse = (message: string) =>
    response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify(failure(message)))
  if (reply === undefined) return refuse("the case has no reply left")
  const [first] = reply
  if (first?.failRequest !== undefined) {
    if (first.delayMs !== undefined) await sleep(first.delayMs, undefined, { signal })
    return refuse(first.failRequest)
  }
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(chunk({ role: "assistant", content: "", refusal: null }))
  let calls = 0
  let reason: string | undefined
  for (const { delayMs, error, finish, text, tool_call, tool_call_delta } of reply) {
    if (delayMs !== undefined) await sleep(delayMs, undefined, { signal })
    if (error !== undefined) return response.end(frame(failure(error)))
    if (text !== undefined) response.write(chunk({ content: text }))
    if (tool_call !== undefined) response.write(toolCall(tool_call, calls++))
    if (tool_call_delta !== undefined) {
      response.write(piece(tool_call_delta))
      calls++
    }
    reason = finish ?? reason
  }
  response.write(chunk({}, reason ?? (calls > 0 ? "tool_calls" : "stop")))
  return response.end(`${frame({ ...envelope, choices: [], usage })}data: [DONE]\n\n`)
}

const read = async (request: IncomingMessage): Promise<Json> => {
  let text = ""
  request.setEncoding("utf8")
  for await (const part of request) text += String(part)
  return JSON.parse(text) as Json
}

/** Starts a provider with these replies. It ends with the scope, and so do replies that still wait. */
export const make = (
  replies: ReadonlyArray<ReadonlyArray<Case.Delta>>
): Effect.Effect<ModelFixture, never, Scope.Scope> =>
  Effect.gen(function* () {
    const requests: Array<Json> = []
    const server = createServer((request, response) => {
      const left = new AbortController()
      response.on("close", () => left.abort())
      // A warm-up does not count as a request of the model.
      if (request.method === "GET") return void response.writeHead(404).end()
      read(request)
        .then((body) => answer(replies[requests.push(describe(body)) - 1], response, left.signal))
        .catch(() => response.destroy())
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )
    return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests }
  })
