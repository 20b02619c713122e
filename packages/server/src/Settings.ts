/**
 * Every setting of the server, read through `Config`: its name in the environment, its default and its unit.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Client from "./internal/client.ts"

/** The settings of a server. */
export interface Settings {
  /** `PORT`, 8000. With 0 the system picks a free port. */
  readonly port: number
  /** `HOST`, empty for all interfaces. */
  readonly host: string
  /** `ANTIPHON_MAX_CALLS`, 1000. Further calls are refused with 503. A socket counts from its start message on. */
  readonly maxCalls: number
  /** `ANTIPHON_MAX_OPENINGS`, 100: sockets on which no call has started yet. Beyond that, the oldest one is closed. */
  readonly maxOpenings: number
  /** `ANTIPHON_MAX_CALLS_PER_SECOND`, 200 new calls on average over ten seconds; 0 for no limit. More are refused with 503. */
  readonly maxCallsPerSecond: number
  /** `ANTIPHON_MAX_CALLS_PER_CLIENT`, 0 for no limit: open calls of one client. More are refused with 429. */
  readonly maxCallsPerClient: number
  /** `ANTIPHON_MAX_OPENINGS_PER_CLIENT`, 0 for no limit: sockets of one client on which no call has started yet. */
  readonly maxOpeningsPerClient: number
  /**
   * `ANTIPHON_MAX_BYTES_PER_SECOND_PER_CLIENT`, 0 for no limit: like `maxBytesPerSecond`, but for all calls of a client
   * together.
   */
  readonly maxBytesPerSecondPerClient: number
  /**
   * `ANTIPHON_TRUSTED_PROXIES`, comma-separated addresses and ranges, empty: peers whose `X-Forwarded-For` identifies
   * the client. For all other peers, the client is the address of the connection.
   */
  readonly trustedProxies: ReadonlyArray<string>
  /** `ANTIPHON_MAX_FRAME_BYTES`, 256 KiB. A longer message ends its call with close code 1009. */
  readonly maxFrameBytes: number
  /** `ANTIPHON_MAX_FRAMES_PER_SECOND`, 1000 on average over ten seconds; 0 for no limit. Beyond it: close code 1008. */
  readonly maxFramesPerSecond: number
  /** `ANTIPHON_MAX_BYTES_PER_SECOND`, 256 KiB on average over ten seconds; 0 for no limit. Beyond it: close code 1008. */
  readonly maxBytesPerSecond: number
  /**
   * `ANTIPHON_MAX_CALL_BYTES`, 64 MiB; 0 for no limit: the bytes one call may receive, because its history keeps them.
   * An hour of speech reported word by word takes less than 5 MiB. Beyond it: close code 1009.
   */
  readonly maxCallBytes: number
  /**
   * `ANTIPHON_MAX_HISTORY_BYTES`, 64 MiB; 0 for no limit: the memory of one call, counted as the text received and sent
   * plus 512 bytes per message. Beyond it: close code 1009.
   */
  readonly maxHistoryBytes: number
  /**
   * `ANTIPHON_MAX_CALL_DURATION`, 4 hours; 0 for no limit. After that, the next turn says goodbye, and the call ends a
   * minute later.
   */
  readonly maxCallDuration: Duration.Duration
  /** `ANTIPHON_MAX_TURNS`, 5000; 0 for no limit: the turn after the last one says goodbye and ends the call. */
  readonly maxTurns: number
  /** `ANTIPHON_GOODBYE`: what is said in that turn instead of the agent's answer. */
  readonly goodbye: string
  /**
   * `ANTIPHON_MAX_HEAP_PERCENT`, 85; 0 for no limit: new calls are refused while more of the heap is in use. At half of
   * the remaining heap, the call that has received the most is ended.
   */
  readonly maxHeapPercent: number
  /** `ANTIPHON_MAX_BUFFERED_BYTES`, 1 MiB: unread bytes of a slow peer before its agent is slowed down. */
  readonly maxBufferedBytes: number
  /**
   * `ANTIPHON_START_TIMEOUT`, 10 seconds: time limit for the decision of `preCall`, for creating the agent and the
   * recorder, for receiving the body of a request, and for releasing the agent's resources at the end.
   */
  readonly startTimeout: Duration.Duration
  /** `ANTIPHON_OPENING_TIMEOUT`, 8 seconds, and at most `startTimeout`: time for the start message to arrive. */
  readonly openingTimeout: Duration.Duration
  /** `ANTIPHON_IDLE_TIMEOUT`, 10 minutes: a call ends if nothing is received for this long. */
  readonly idleTimeout: Duration.Duration
  /**
   * `ANTIPHON_LEASE_TIMEOUT`, 2 minutes: a call over HTTP requests ends if no request arrives for this long, because
   * there is no socket whose close would show it.
   */
  readonly leaseTimeout: Duration.Duration
  /** `ANTIPHON_STALL_TIMEOUT`, 10 seconds: a peer that leaves a full buffer unread for this long loses its call. */
  readonly stallTimeout: Duration.Duration
  /** `ANTIPHON_DRAIN_TIMEOUT`, 30 seconds: how long calls may take to end by themselves when the server stops. */
  readonly drainTimeout: Duration.Duration
  /**
   * `ANTIPHON_TOKEN`, none; it must not be empty, and space around it is ignored. If set, `/chats` and `/ws` require
   * `Authorization: Bearer <token>`.
   */
  readonly token: Redacted.Redacted | undefined
  /** `ANTIPHON_TOKEN_NEXT`, none: a second valid token, so that tokens can be rotated while both are in use. */
  readonly nextToken: Redacted.Redacted | undefined
  /**
   * `ANTIPHON_HOSTS`, comma-separated, empty: host names of a server without a token, in addition to addresses and
   * names without a dot, such as `localhost`; `*` for any. Requests under other names get 403. Otherwise a web page
   * could reach a server on its visitor's machine under a name of its own.
   */
  readonly hosts: ReadonlyArray<string>
  /**
   * `ANTIPHON_BIND_CALLS`, false: whether a call requires the one-use ticket that `/chats` puts into `websocket_url`,
   * so that nobody gets a call without asking `preCall`. A ticket is valid for five minutes and for the call id of its
   * request, and replaces the token.
   */
  readonly bindCalls: boolean
  /**
   * `ANTIPHON_TICKET_SECRET`: signs tickets. Derived from the token by default, or random: several processes without a
   * token must share it.
   */
  readonly ticketSecret: Redacted.Redacted | undefined
  /**
   * `ANTIPHON_ALLOWED_ORIGINS`, comma-separated, empty: the web origins that may open calls. Pages of the server itself
   * and clients without an `Origin` header always may; `*` admits every page.
   */
  readonly allowedOrigins: ReadonlyArray<string>
  /** `ANTIPHON_EXPOSE_ERRORS`, false: whether a peer is told the message of an agent's failure, or only its id. */
  readonly exposeErrors: boolean
  /**
   * `ANTIPHON_ON_UNCAUGHT`, `drain`: what to do when application code fails outside every fiber, which leaves the
   * process in an unknown state. `drain` refuses new calls, lets open ones end and exits with 1; `stop` ends them at
   * once; `continue` only reports it.
   */
  readonly onUncaught: "drain" | "stop" | "continue"
  /** `ANTIPHON_BLOCK_WARNING`, 1 second: an event loop blocked for longer is reported; 0 for no watchdog. */
  readonly blockWarning: Duration.Duration
  /** `ANTIPHON_BLOCK_LIMIT`, 10 seconds: an event loop blocked for longer ends the process; 0 for never. */
  readonly blockLimit: Duration.Duration
  /**
   * `ANTIPHON_RECORD_DIR`, none: if set, each call is recorded into its own file in this directory. It is checked at the
   * start: a directory in which no file can be created is an error in the log, and stops the start with `mustRecord`.
   */
  readonly recordDir: string | undefined
  /**
   * `ANTIPHON_RECORD_AUDIO`, false: whether recordings of voice calls keep their audio, in a WAV file beside the lines.
   */
  readonly recordAudio: boolean
  /** `ANTIPHON_MUST_RECORD`, false: whether a call that cannot be recorded is refused, and ended if its recording fails. */
  readonly mustRecord: boolean
  /** `ANTIPHON_RECORD_MAX_AGE`, 0 for no limit: older recordings are deleted. */
  readonly recordMaxAge: Duration.Duration
  /** `ANTIPHON_RECORD_MAX_BYTES`, 0 for no limit: beyond it the oldest recordings are deleted. */
  readonly recordMaxBytes: number
}

const orUndefined = <A>(config: Config.Config<A>) => Config.map(Config.option(config), Option.getOrUndefined)
const count = (name: string, defaultValue: number, range: { readonly minimum: number; readonly maximum?: number }) =>
  Config.withDefault(
    Config.schema(Schema.Int.check(Schema.isBetween({ maximum: Number.MAX_SAFE_INTEGER, ...range })), name),
    defaultValue
  )
const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65535 }))
const Time = Schema.DurationFromString.check(
  Schema.makeFilter((time) => !Duration.isNegative(time), { expected: "a time that is not negative" })
)
const duration = (name: string, defaultValue: Duration.Input) =>
  Config.withDefault(Config.schema(Time, name), Duration.fromInputUnsafe(defaultValue))

/** A comma-separated list. */
const list = (name: string, isGood: (entry: string) => boolean = () => true, expected = "a list of good entries") =>
  Config.map(
    Config.withDefault(
      Config.schema(
        Schema.String.check(Schema.makeFilter((text) => entriesOf(text).every(isGood), { expected })),
        name
      ),
      ""
    ),
    entriesOf
  )
const entriesOf = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

// An empty token (from a secret that was not found) must not open the server to everybody. Space around a token, such as the
// line break at the end of a file, is not part of it: no header could carry it.
const Token = Schema.RedactedFromValue(
  Schema.Trim.check(Schema.makeFilter((token) => token !== "", { expected: "a token that is not empty" }))
)

/** Reads the settings from the environment. */
const config: Config.Config<Settings> = Config.all({
  port: Config.withDefault(Config.schema(Port, "PORT"), 8000),
  // The brackets of an IPv6 address belong to a URL, and no system listens on a name with them.
  host: Config.map(Config.withDefault(Config.String("HOST"), ""), (host) => host.trim().replace(/^\[(.*)\]$/, "$1")),
  maxCalls: count("ANTIPHON_MAX_CALLS", 1000, { minimum: 1 }),
  maxOpenings: count("ANTIPHON_MAX_OPENINGS", 100, { minimum: 1 }),
  maxCallsPerSecond: count("ANTIPHON_MAX_CALLS_PER_SECOND", 200, { minimum: 0 }),
  maxCallsPerClient: count("ANTIPHON_MAX_CALLS_PER_CLIENT", 0, { minimum: 0 }),
  maxOpeningsPerClient: count("ANTIPHON_MAX_OPENINGS_PER_CLIENT", 0, { minimum: 0 }),
  maxBytesPerSecondPerClient: count("ANTIPHON_MAX_BYTES_PER_SECOND_PER_CLIENT", 0, { minimum: 0 }),
  trustedProxies: list(
    "ANTIPHON_TRUSTED_PROXIES",
    Client.isRange,
    "a list of addresses and ranges, such as 10.0.0.0/8, separated by commas"
  ),
  maxFrameBytes: count("ANTIPHON_MAX_FRAME_BYTES", 256 * 1024, { minimum: 1 }),
  maxFramesPerSecond: count("ANTIPHON_MAX_FRAMES_PER_SECOND", 1000, { minimum: 0 }),
  maxBytesPerSecond: count("ANTIPHON_MAX_BYTES_PER_SECOND", 256 * 1024, { minimum: 0 }),
  maxCallBytes: count("ANTIPHON_MAX_CALL_BYTES", 64 * 1024 * 1024, { minimum: 0 }),
  maxHistoryBytes: count("ANTIPHON_MAX_HISTORY_BYTES", 64 * 1024 * 1024, { minimum: 0 }),
  maxCallDuration: duration("ANTIPHON_MAX_CALL_DURATION", "4 hours"),
  maxTurns: count("ANTIPHON_MAX_TURNS", 5000, { minimum: 0 }),
  goodbye: Config.withDefault(Config.String("ANTIPHON_GOODBYE"), "I have to end our call now. Goodbye!"),
  maxHeapPercent: count("ANTIPHON_MAX_HEAP_PERCENT", 85, { minimum: 0, maximum: 99 }),
  maxBufferedBytes: count("ANTIPHON_MAX_BUFFERED_BYTES", 1024 * 1024, { minimum: 0 }),
  startTimeout: duration("ANTIPHON_START_TIMEOUT", "10 seconds"),
  openingTimeout: duration("ANTIPHON_OPENING_TIMEOUT", "8 seconds"),
  idleTimeout: duration("ANTIPHON_IDLE_TIMEOUT", "10 minutes"),
  leaseTimeout: duration("ANTIPHON_LEASE_TIMEOUT", "2 minutes"),
  stallTimeout: duration("ANTIPHON_STALL_TIMEOUT", "10 seconds"),
  drainTimeout: duration("ANTIPHON_DRAIN_TIMEOUT", "30 seconds"),
  token: orUndefined(Config.schema(Token, "ANTIPHON_TOKEN")),
  nextToken: orUndefined(Config.schema(Token, "ANTIPHON_TOKEN_NEXT")),
  hosts: list("ANTIPHON_HOSTS"),
  bindCalls: Config.withDefault(Config.Boolean("ANTIPHON_BIND_CALLS"), false),
  ticketSecret: orUndefined(Config.schema(Token, "ANTIPHON_TICKET_SECRET")),
  allowedOrigins: list("ANTIPHON_ALLOWED_ORIGINS"),
  exposeErrors: Config.withDefault(Config.Boolean("ANTIPHON_EXPOSE_ERRORS"), false),
  onUncaught: Config.withDefault(
    Config.schema(Schema.Literals(["drain", "stop", "continue"]), "ANTIPHON_ON_UNCAUGHT"),
    "drain"
  ),
  blockWarning: duration("ANTIPHON_BLOCK_WARNING", "1 second"),
  blockLimit: duration("ANTIPHON_BLOCK_LIMIT", "10 seconds"),
  recordDir: Config.map(Config.withDefault(Config.String("ANTIPHON_RECORD_DIR"), ""), (path) =>
    path.trim() === "" ? undefined : path.trim()
  ),
  recordAudio: Config.withDefault(Config.Boolean("ANTIPHON_RECORD_AUDIO"), false),
  mustRecord: Config.withDefault(Config.Boolean("ANTIPHON_MUST_RECORD"), false),
  recordMaxAge: duration("ANTIPHON_RECORD_MAX_AGE", "0 seconds"),
  recordMaxBytes: count("ANTIPHON_RECORD_MAX_BYTES", 0, { minimum: 0 })
})

/** Settings given in code. They take precedence over the environment. */
export type Overrides = Partial<Settings>

/**
 * Reads the settings from the environment, and applies overrides. Fails if a token is set but empty, for example
 * because its secret does not exist: an empty token would open the server to everybody.
 */
export const load = (overrides: Overrides = {}): Effect.Effect<Settings, Config.ConfigError> =>
  Effect.gen(function* () {
    const settings = { ...(yield* config), ...overrides }
    for (const [setting, name] of secrets) {
      if (settings[setting] === undefined && !(setting in overrides)) yield* refuseEmpty(name)
    }
    if (overrides.port !== undefined) {
      yield* Config.schema(Port, "PORT").parse(ConfigProvider.fromUnknown({ PORT: String(overrides.port) }))
    }
    return settings
  })

/** Secrets that must not be empty if their variables are there. */
const secrets = [
  ["token", "ANTIPHON_TOKEN"],
  ["nextToken", "ANTIPHON_TOKEN_NEXT"],
  ["ticketSecret", "ANTIPHON_TICKET_SECRET"]
] as const

/**
 * Fails if a variable is set but empty. An empty secret is one that was not found, and must not count as none: that would
 * open what it protects.
 */
const refuseEmpty = (name: string) =>
  Effect.gen(function* () {
    // `Config` treats an empty variable as missing, but its provider still lists the name.
    const provider = yield* ConfigProvider.ConfigProvider
    const path = name.split("_")
    const load = (path: ConfigProvider.Path) => Effect.orElseSucceed(provider.load(path), () => undefined)
    const names = yield* load(path.slice(0, -1))
    const isNamed = names?._tag === "Record" && names.keys.has(path.at(-1)!)
    if (!isNamed || (yield* load(path)) !== undefined) return
    yield* Config.schema(Token, name).parse(ConfigProvider.fromUnknown({ [name]: "" }, { preserveEmptyStrings: true }))
  })
