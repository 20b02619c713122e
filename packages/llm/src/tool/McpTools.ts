/**
 * The tools of an MCP server, each offered to the model as its own tool.
 *
 * Connects once, and again if the connection is lost. The tools are listed when they are made: make them with the agent
 * of a call to get the current ones. If the server cannot be reached at that time, the call goes on: instead of the
 * server's tools the model gets one tool that says so and tries again.
 *
 * @since 0.1.0
 */
import * as McpClient from "effect/ai/McpClient"
import {
  type McpClientError,
  type McpClientErrorReason,
  ConfigurationError,
  McpClientError as McpFailure,
  TimeoutError
} from "effect/ai/McpClientError"
import * as McpProtocol from "effect/ai/McpProtocol"
import type * as McpSchema from "effect/ai/McpSchema"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Process from "node:process"
import * as JsonArguments from "./internal/jsonArguments.ts"
import * as McpTransport from "./internal/mcpTransport.ts"
import * as ToolCheck from "./internal/toolCheck.ts"
import * as VoiceTool from "./VoiceTool.ts"

/** Options for all tools of a server. */
export interface ServerOptions extends Pick<
  VoiceTool.Options,
  "timeout" | "interruption" | "concurrency" | "duplicates" | "activeTurns"
> {
  /** Name of the server, used as a prefix for its tools' names. */
  readonly name: string
  /** Whether the conversation goes on while a tool runs. False by default. */
  readonly background?: boolean | undefined
  /** Names of the server's tools to offer. All by default. */
  readonly only?: ReadonlyArray<string> | undefined
  /**
   * Longest wait for the connection and the list of tools when the tools are made. 5 seconds by default, because a caller
   * is waiting; a server that takes longer is reached later in the call.
   */
  readonly connectTimeout?: Duration.Input | undefined
  /** Whether a server that cannot be reached is a failure. False by default: the agent is made without its tools. */
  readonly required?: boolean | undefined
}

/** A server at an address, over streamable HTTP. */
export interface HttpOptions extends ServerOptions {
  readonly url: string
  readonly headers?: { readonly [name: string]: string | Redacted.Redacted } | undefined
  readonly command?: undefined
}

/** A server that is a program, over its standard streams. It ends with the scope. */
export interface CommandOptions extends ServerOptions {
  /** The program and its arguments. */
  readonly command: readonly [program: string, ...args: ReadonlyArray<string>]
  /**
   * Environment variables for the program. From this process it gets only what every program needs, such as `PATH` and
   * `HOME`, and none of the agent's keys and tokens.
   */
  readonly env?: { readonly [name: string]: string | Redacted.Redacted } | undefined
  readonly url?: undefined
}

export type Options = HttpOptions | CommandOptions

type Needs<O> = O extends HttpOptions ? HttpClient.HttpClient : ChildProcessSpawner
type Service = HttpClient.HttpClient | ChildProcessSpawner

/** Connects to a server and makes its tools. The connection lives as long as the scope. */
export const make = <const O extends Options>(
  options: O
): Effect.Effect<ReadonlyArray<VoiceTool.VoiceTool>, McpClientError, Needs<O> | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* serverOf(options)
    return yield* server
      .use((client) => client.listTools())
      .pipe(
        Effect.timeoutOrElse({ duration: options.connectTimeout ?? firstWait, orElse: () => Effect.fail(unanswered) }),
        Effect.flatMap((found) => offered(options, server, found)),
        Effect.catchIf(
          ({ reason }) => options.required !== true && reason._tag !== "ConfigurationError",
          (error) =>
            Effect.as(
              Effect.logWarning(`The agent has no tools of the MCP server "${options.name}": ${error.message}`),
              [single(options, server, unreachable(options))]
            )
        )
      )
  }) as Effect.Effect<ReadonlyArray<VoiceTool.VoiceTool>, McpClientError, Needs<O> | Scope.Scope>

const offered = (
  options: Options,
  server: Server,
  found: ReadonlyArray<McpSchema.Tool>
): Effect.Effect<ReadonlyArray<VoiceTool.VoiceTool>> => {
  const names = new Set<string>()
  const wanted = wantedOf(options, found)
  if (wanted.length > ToolCheck.mostTools) {
    return Effect.as(
      Effect.logWarning(
        `The MCP server "${options.name}" has ${wanted.length} tools, and a request may carry ${ToolCheck.mostTools}: they are offered as one. Choose some with \`only\`.`
      ),
      [single(options, server, allAsOne(options))]
    )
  }
  return Effect.succeed(
    wanted.map((tool) => {
      const name = unused(names, nameOf(options.name, tool.name))
      names.add(name)
      return VoiceTool.dynamic(
        name,
        { ...options, description: tool.description ?? tool.title, parameters: { ...schemaOf(tool) } },
        (args) => call(server, tool, Predicate.isReadonlyObject(args) ? args : {})
      )
    })
  )
}

/** The tools that the options ask for. Of several with the same name, the first counts. */
const wantedOf = ({ only }: Options, found: ReadonlyArray<McpSchema.Tool>): ReadonlyArray<McpSchema.Tool> => {
  const byName = new Map(found.toReversed().map((tool) => [tool.name, tool]))
  return found.filter((tool) => byName.get(tool.name) === tool && (only === undefined || only.includes(tool.name)))
}

/**
 * The name, with a number if another tool has it already: names that differ only in a dot, or after 64 letters, become
 * equal.
 */
const unused = (names: ReadonlySet<string>, name: string): string => {
  let free = name
  for (let n = 2; names.has(free); n++) free = `${name.slice(0, 63 - String(n).length)}_${n}`
  return free
}

/**
 * Connects to a server and makes a single tool for all its tools, as Line does: called without a name, `mcp_<name>`
 * lists them, and with a name it calls that tool. Keeps the prompt short if a server has many tools.
 */
export const makeSingle = <const O extends Options>(
  options: O & { readonly description?: string | undefined }
): Effect.Effect<VoiceTool.VoiceTool, McpClientError, Needs<O> | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* serverOf(options)
    const reached = Effect.timeoutOrElse(server.connect, {
      duration: options.connectTimeout ?? firstWait,
      orElse: () => Effect.fail(unanswered)
    })
    yield* options.required === true ? reached : Effect.ignore(reached)
    return single(options, server, options.description ?? allAsOne(options))
  }) as Effect.Effect<VoiceTool.VoiceTool, McpClientError, Needs<O> | Scope.Scope>

const allAsOne = ({ name }: Options): string =>
  `Tools of the MCP server "${name}". Call without tool_name to list them with their parameters; then call with the name of one in tool_name and its arguments in tool_args.`

/** What the model is told about a server that could not be reached when the agent was made. */
const unreachable = ({ name }: Options): string =>
  `The tools of "${name}" could not be reached when the call began, and are missing. Call without tool_name to see whether they are there now; if they are listed, call with the name of one in tool_name and its arguments in tool_args.`

const single = (options: Options, server: Server, description: string): VoiceTool.VoiceTool =>
  VoiceTool.dynamic(nameOf("mcp", options.name), { ...options, description, parameters: singleParameters }, (args) =>
    Effect.gen(function* () {
      const { tool_args: text, tool_name: name } = yield* decodeSingle(args)
      const listed = yield* server.use((client) => client.listTools())
      const found = wantedOf(options, listed)
      if (name === undefined || name === null || name === "" || name === "list_tools")
        return found.map((tool) => ({ name: tool.name, description: tool.description, parameters: schemaOf(tool) }))
      const tool = found.find((tool) => tool.name === name)
      if (tool === undefined) return { error: `there is no tool "${name}"` }
      const given = yield* decodeArgs(text == null || text === "" ? "{}" : text)
      return yield* call(server, tool, given)
    }).pipe(Effect.catch((error) => Effect.succeed({ error: error.message })))
  )

const singleParameters = {
  type: "object",
  properties: {
    tool_name: { type: "string", description: "Name of the tool to call, or list_tools" },
    tool_args: { type: "string", description: "Arguments of the tool, as a JSON object in text form" }
  }
}
const optionalText = Schema.optional(Schema.NullOr(Schema.String))
const decodeSingle = Schema.decodeUnknownEffect(Schema.Struct({ tool_name: optionalText, tool_args: optionalText }))
const decodeArgs = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

const firstWait = "5 seconds"
/** The wait for a connection that nobody is waiting for. */
const longestWait = Duration.seconds(15)

const unanswered = new McpFailure({ reason: new TimeoutError({ operation: "connecting" }) })

const misconfigured = (description: string) =>
  Effect.fail(new McpFailure({ reason: new ConfigurationError({ description }) }))

/** Tool names have 1 to 64 letters, digits, `_` and `-`. */
const nameOf = (server: string, tool: string): string =>
  `${server}_${tool}`.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64)

const schemaOf = (tool: McpSchema.Tool): { readonly [keyword: string]: unknown } =>
  Predicate.isReadonlyObject(tool.inputSchema) ? { properties: {}, ...tool.inputSchema } : {}

/** What the model reads of a result: its text, or else its data; failures become `{"error": …}`. */
const call = (
  server: Server,
  tool: McpSchema.Tool,
  args: { readonly [name: string]: unknown }
): Effect.Effect<unknown> => {
  const meant = JsonArguments.meant(schemaOf(tool), args) as { [name: string]: Schema.Json }
  return server
    .use((client) => client.callTool({ tool, arguments: meant }))
    .pipe(
      Effect.map((result) => (result.isError === true ? { error: textOf(result) } : textOf(result))),
      Effect.catch((error) => Effect.succeed({ error: error.message }))
    )
}

/** The text of a result. The transport has made all of its blocks text. */
const textOf = ({ content, isError, structuredContent }: McpSchema.CallToolResult): unknown => {
  const text = content.map((block) => (block.type === "text" ? block.text : "")).join("\n")
  if (text.trim() !== "") return text
  return structuredContent ?? (isError === true ? "the tool failed, and did not say why" : text)
}

/** A connection to a server, opened when it is first needed, and again if it was lost. */
interface Server {
  readonly connect: Effect.Effect<void, McpClientError>
  /** Uses the connection. Repeats the use in a new session if the server has forgotten the old one. */
  readonly use: <A>(
    f: (client: McpClient.McpClient) => Effect.Effect<A, McpClientError>
  ) => Effect.Effect<A, McpClientError>
}

interface Connection {
  readonly client: McpClient.McpClient
  readonly scope: Scope.Closeable
  /** Calls that use it now. */
  uses: number
}

const serverOf = (options: Options): Effect.Effect<Server, McpClientError, Service | Scope.Scope> =>
  Effect.gen(function* () {
    const { command, name, url }: ServerOptions & { readonly url?: unknown; readonly command?: unknown } = options
    if (url === undefined && command === undefined) return yield* misconfigured(`${name}: give url or command`)
    const context = yield* Effect.context<Service | Scope.Scope>()
    const scope = yield* Effect.scope
    const one = yield* Semaphore.make(1)
    let open: Connection | undefined

    const connecting = one.withPermit(
      Effect.gen(function* () {
        if (open !== undefined) return open
        const own = yield* Scope.fork(scope)
        const client = yield* clientOf(options, scope).pipe(
          Effect.provideContext(Context.add(context, Scope.Scope, own)),
          Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(own, exit) : Effect.void))
        )
        return (open = { client, scope: own, uses: 0 })
      })
    )
    // A program that is slow to start goes on starting when nobody waits for it any more.
    const connect = Effect.suspend(() =>
      open === undefined ? Effect.flatMap(Effect.forkIn(connecting, scope), Fiber.join) : Effect.succeed(open)
    )
    /** Closes a connection that was lost, once no call uses it: those that run beside each other learn of it one by one. */
    const release = (used: Connection) =>
      Effect.suspend(() => {
        if (--used.uses > 0 || used === open) return Effect.void
        // A program may take time to end; the model does not wait for that.
        return Effect.asVoid(Effect.forkIn(Scope.close(used.scope, Exit.void), scope))
      })
    const use: Server["use"] = (f) =>
      Effect.flatMap(connect, (used) => {
        used.uses++
        return f(used.client).pipe(
          Effect.tapError(({ reason }) =>
            Effect.sync(() => {
              if (used === open && isLost(reason, options)) open = undefined
            })
          ),
          Effect.ensuring(release(used))
        )
      })
    return {
      connect: Effect.asVoid(connect),
      // The server has not executed a request in a session that it does not know, or that had ended: repeating it is safe.
      use: (f) => Effect.catchIf(use(f), isExpired, () => use(f))
    }
  })

/** Whether the server does not know the session. Some answer 400 instead of 404. */
const isExpired = ({ reason }: McpClientError): boolean =>
  (reason._tag === "ClosedError" && reason.sessionExpired === true) ||
  (reason._tag === "HttpError" &&
    [400, 404, 410].includes(reason.status) &&
    /session|not initialized/i.test(reason.description ?? ""))

/** Whether the server speaks another version of the protocol. Some name theirs, and some answer with an error. */
const isOtherVersion = ({ reason }: McpClientError): boolean =>
  reason._tag === "UnsupportedError" ||
  ((reason._tag === "ProtocolError" || reason._tag === "HttpError") &&
    /protocol.?version/i.test(reason.description ?? ""))

/** Whether a connection cannot be used any more. The one to a program ends with its first broken or oversized message. */
const isLost = (reason: McpClientErrorReason, { command }: Options): boolean => {
  switch (reason._tag) {
    case "TransportError":
    case "ClosedError":
      return true
    case "LimitError":
      return command !== undefined
    case "ProtocolError":
      return command !== undefined && reason.code === undefined
    default:
      return isExpired(new McpFailure({ reason }))
  }
}

/** Newest first. If a server does not support one, the next is tried. */
const protocols = [
  McpProtocol.v2025_11_25,
  McpProtocol.v2025_06_18,
  McpProtocol.v2025_03_26,
  McpProtocol.v2024_11_05
] as unknown as ReadonlyArray<typeof McpProtocol.v2025_11_25>

const clientOf = (
  options: Options,
  requests: Scope.Scope,
  index = 0
): Effect.Effect<McpClient.McpClient, McpClientError, Service | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope)
    const protocol = protocols[index]!
    const opening: Effect.Effect<McpClient.Transport, McpClientError, Service | Scope.Scope> =
      options.command === undefined
        ? McpClient.http({ url: options.url, protocol, headers: plain(options.headers ?? {}) })
        : Effect.updateService(
            McpClient.stdio({ command: commandOf(options), protocol }),
            ChildProcessSpawner,
            McpTransport.withoutNoise
          )
    return yield* opening.pipe(
      Effect.flatMap((transport) =>
        Effect.provideService(
          McpClient.make({
            name: "antiphon",
            version: "0.1.0",
            timeout: Duration.max(longestWait, Duration.fromInputUnsafe(options.connectTimeout ?? firstWait))
          }),
          McpClient.Transport,
          McpTransport.lenient(transport, requests)
        )
      ),
      Effect.provideService(Scope.Scope, scope),
      Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void)),
      Effect.catchIf(
        (error) => isOtherVersion(error) && index + 1 < protocols.length,
        () => clientOf(options, requests, index + 1)
      )
    )
  })

const commandOf = ({ command: [program, ...args], env }: CommandOptions): ChildProcess.Command =>
  ChildProcess.make(program, args, { env: { ...inherited(), ...env }, extendEnv: false })

/** The variables that every program gets: the same ones that the official SDKs pass on. */
const inheritedNames =
  Process.platform === "win32"
    ? [
        "APPDATA",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PATH",
        "PROCESSOR_ARCHITECTURE",
        "PROGRAMFILES",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "USERNAME",
        "USERPROFILE"
      ]
    : ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER"]

const inherited = (): { readonly [name: string]: string } =>
  Object.fromEntries(
    inheritedNames.flatMap((name) => {
      const value = Process.env[name]
      // Some shells keep functions in variables.
      return value === undefined || value.startsWith("()") ? [] : [[name, value]]
    })
  )

const plain = (headers: { readonly [name: string]: string | Redacted.Redacted }): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value])
  )
