/**
 * Makes MCP transports that tolerate the mistakes of real servers.
 *
 * - A program may print other lines between its messages, or words before one. The transport would treat the first one as a broken
 *   message, and end.
 * - One tool with an invalid description must not hide the others, and one odd block must not lose a result.
 * - A program that has ended between two calls must cost neither of them.
 * - A server that hangs must not hold up the caller's interruption: the transport waits up to 5 seconds until the server has
 *   accepted that a request is cancelled.
 */
import type * as McpClient from "effect/ai/McpClient"
import { type McpClientError, ClosedError, McpClientError as McpFailure } from "effect/ai/McpClientError"
import type * as McpSchema from "effect/ai/McpSchema"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as WireJson from "../../model/internal/provider/wireJson.ts"

/** The same transport, whose requests live in the scope. */
export const lenient = (transport: McpClient.Transport, scope: Scope.Scope): McpClient.Transport => ({
  ...transport,
  request: (message, tool) =>
    Effect.map(apart(transport.request(message, tool), scope), (response) =>
      "result" in response ? ({ ...response, result: mended(message, response.result) } as typeof response) : response
    )
})

/** Runs a request in a fiber of the scope. An interruption does not wait until that fiber has ended. */
const apart = <A>(request: Effect.Effect<A, McpClientError>, scope: Scope.Scope): Effect.Effect<A, McpClientError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkIn(Effect.interruptible(request), scope, { startImmediately: true }), (fiber) => {
      const joined = Effect.onInterrupt(restore(Fiber.join(fiber)), () => Effect.sync(() => fiber.interruptUnsafe()))
      return fiber.pollUnsafe() === undefined ? joined : Effect.mapError(joined, unsent)
    })
  )

/** A transport fails at once if it had ended before: a program that has gone since the last call. The request was not sent. */
const unsent = (error: McpClientError): McpClientError =>
  error.reason._tag === "TransportError"
    ? new McpFailure({ reason: new ClosedError({ description: error.message, sessionExpired: true }) })
    : error

const mended = ({ method, params }: { readonly method: string; readonly params?: unknown }, result: unknown) => {
  if (method === "tools/call") return resultOf(result)
  if (!Predicate.isReadonlyObject(result)) return result
  return method === "initialize" ? welcomeOf(result) : method === "tools/list" ? listOf(result, params) : result
}

/** The answer to `initialize`. A server that does not say what it can do is taken to offer tools. */
const welcomeOf = ({ capabilities, protocolVersion, serverInfo }: Fields): Fields => {
  const { name, version } = (Predicate.isReadonlyObject(serverInfo) ? serverInfo : {}) as Fields
  const { tools, ...others } = (Predicate.isReadonlyObject(capabilities) ? capabilities : { tools: {} }) as Fields
  return {
    protocolVersion,
    capabilities: {
      ...Object.fromEntries(Object.entries(others).filter(([, what]) => Predicate.isReadonlyObject(what))),
      ...(tools == null || tools === false ? undefined : { tools: {} })
    },
    serverInfo: { name: written(name ?? ""), version: written(version ?? "") }
  }
}

/** A page of the list. Some servers end the list with a cursor that is null, empty or the one that they were sent. */
const listOf = ({ nextCursor, tools, ...rest }: Fields, params: unknown): Fields => {
  const sent = Predicate.hasProperty(params, "cursor") ? params.cursor : undefined
  const goesOn = typeof nextCursor === "string" && nextCursor !== "" && nextCursor !== sent
  return {
    ...rest,
    tools: Array.isArray(tools) ? tools.flatMap(toolOf) : tools,
    ...(goesOn ? { nextCursor } : undefined)
  }
}

type Fields = { readonly [name: string]: unknown }

/** A tool with the fields that are needed, or none if it cannot be called. */
const toolOf = (tool: unknown): ReadonlyArray<Fields> => {
  if (!Predicate.isReadonlyObject(tool) || typeof tool["name"] !== "string" || tool["name"] === "") return []
  const { description, execution, inputSchema, name, title } = tool as Fields
  const schema = inputSchema ?? {}
  if (!Predicate.isReadonlyObject(schema) || isDeeper(schema, deepest)) return []
  const { properties, required, type, ...rest } = schema as Fields
  const isObject = type === undefined || type === "object" || (Array.isArray(type) && type.includes("object"))
  if (!isObject) return []
  return [
    {
      name,
      ...(typeof title === "string" ? { title } : undefined),
      ...(typeof description === "string" ? { description } : undefined),
      ...(Predicate.isReadonlyObject(execution) ? { execution } : undefined),
      inputSchema: {
        type: "object",
        ...(Predicate.isReadonlyObject(properties) ? { properties } : undefined),
        ...(Array.isArray(required) ? { required: required.filter(Predicate.isString) } : undefined),
        ...rest
      }
    }
  ]
}

/** No provider takes a schema with more levels. */
const deepest = 64

const isDeeper = (value: unknown, levels: number): boolean =>
  Predicate.isObject(value) && (levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1)))

/** A result with text blocks only, because the model reads no others. */
const resultOf = (result: unknown): McpSchema.CallToolResult => {
  if (!Predicate.isReadonlyObject(result)) return { content: [textBlock(written(result))] }
  const { content, isError, structuredContent: data } = result as Fields
  const blocks = Array.isArray(content) ? content : content == null ? [] : [content]
  return {
    content: blocks.map((block) => textBlock(textOf(block))),
    ...(isError === true ? { isError } : undefined),
    ...(data === undefined || data === null
      ? undefined
      : { structuredContent: (Predicate.isReadonlyObject(data) ? data : { result: data }) as never })
  }
}

const textBlock = (text: string): McpSchema.TextContent => ({ type: "text", text })

const written = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))

const textOf = (block: unknown): string => {
  if (!Predicate.isReadonlyObject(block)) return written(block)
  const { name, resource, text, title, type, uri } = block as Fields
  if (type === "text") return written(text)
  if (type === "resource" && Predicate.hasProperty(resource, "text")) return written(resource.text)
  if (type === "resource_link") return `${written(title ?? name)}: ${written(uri)}`
  return `[${written(type)}]`
}

/** Starts programs, and reads only their messages, and no other lines that they print. */
export const withoutNoise = (spawner: ChildProcessSpawner["Service"]): ChildProcessSpawner["Service"] =>
  ChildProcessSpawner.of({
    ...spawner,
    spawn: (command) =>
      Effect.map(spawner.spawn(command), (process) => ({ ...process, stdout: messages(process.stdout) }))
  })

/** A longer line without an end is not a message. More than the transport accepts. */
const longestLine = 32 * 1024 * 1024

const messages = <E>(output: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    let held: Array<string> = []
    let length = 0
    return output.pipe(
      Stream.decodeText(),
      Stream.map((chunk) => {
        const lines = chunk.split("\n")
        const rest = lines.pop()!
        const whole: Array<string> = []
        for (const line of lines) {
          const all = held.length === 0 ? line : [...held, line].join("")
          held = []
          length = 0
          whole.push(...messagesIn(all))
        }
        length += rest.length
        if (length > longestLine) {
          held = []
          length = 0
        } else if (rest !== "") held.push(rest)
        return whole.map((line) => `${line}\n`).join("")
      }),
      Stream.filter((text) => text !== ""),
      Stream.encodeText
    )
  })

/**
 * The messages in a line. A broken one is passed on: the request that it answers must not wait for another. Behind other words, such
 * as a banner without a line break, only an answer counts: a log may repeat what the program was sent.
 */
const messagesIn = (line: string): ReadonlyArray<string> => {
  if (!line.includes('"jsonrpc"')) return []
  if (/^\s*\{/.test(line)) return [line]
  // The revision of March 2025 has lists of messages.
  const batch = /^\s*\[/.test(line) ? WireJson.parse(line) : undefined
  if (Array.isArray(batch)) return batch.map((message) => JSON.stringify(message))
  const message = line.slice(line.indexOf('{"jsonrpc"'))
  const answer = WireJson.parse(message)
  return Predicate.hasProperty(answer, "id") && ("result" in answer || "error" in answer) ? [message] : []
}
