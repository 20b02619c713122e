/**
 * Looks things up: `make` in the documents that the platform keeps for an agent, `own` in your own knowledge base.
 *
 * A call may name the address of its platform. The peer that opens a call chooses that address, so it only counts if it
 * is allowed, and the request goes to no private address and follows no redirect to another host.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as JsonText from "@antiphon/core/JsonText"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Knowledge from "../knowledge/Knowledge.ts"
import * as Passages from "../knowledge/Passages.ts"
import * as Egress from "./internal/egress.ts"
import * as VoiceTool from "./VoiceTool.ts"

/** Address of the documents, if neither the call nor `CARTESIA_BASE_URL` names one. */
const defaultBaseUrl = "https://api.cartesia.ai"

/** Hosts that a call may name, with HTTPS, by default. */
const platformHosts = ["api.cartesia.ai", "*.cartesia.ai"]

/** Maximum length of an answer, in characters. */
const maxCharacters = 256 * 1024

/**
 * A lookup failed. `MissingCredentials` and `Forbidden` come before any request: the call names no agent or carries no token, or
 * it names an address that is not allowed.
 */
export class KnowledgeBaseError extends Schema.TaggedError<KnowledgeBaseError>()("KnowledgeBaseError", {
  reason: Schema.Literals(["MissingCredentials", "Forbidden", "Status", "InvalidBody", "Timeout", "Transport"]),
  description: Schema.String,
  status: Schema.optional(Schema.Int)
}) {
  override get message() {
    return this.description
  }
}

/** Options of a lookup. */
export interface QueryOptions {
  /** Most pieces to return. 5. */
  readonly topK?: number | undefined
  /** Conditions on the documents. */
  readonly filters?: { readonly [name: string]: unknown } | undefined
  /**
   * Addresses that a call may name beside Cartesia's own and `CARTESIA_BASE_URL`, such as `https://platform.example`. What is
   * listed may be a private address.
   */
  readonly allowedBases?: ReadonlyArray<string> | undefined
  /** Longest lookup. 3 seconds; more than 10 log a warning. */
  readonly timeout?: Duration.Input | undefined
}

/** Looks something up with the credentials of the call. Returns the pieces as they come from the platform. */
export const query = (
  request: Pick<CallRequest, "agent" | "agentToken" | "apiBaseUrl">,
  text: string,
  { allowedBases = [], filters = {}, timeout = "3 seconds", topK = 5 }: QueryOptions = {}
): Effect.Effect<ReadonlyArray<unknown>, KnowledgeBaseError, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const { agent, agentToken, apiBaseUrl } = request
    if (agent.id === null || agentToken === null) {
      const missing = agent.id === null ? "agent id" : "agent token"
      return yield* fail("MissingCredentials", `the call carries no ${missing}`)
    }
    const limit = Duration.fromInputUnsafe(timeout)
    if (Duration.isGreaterThan(limit, Duration.seconds(10)))
      yield* Effect.logWarning(`a lookup may keep the caller waiting for ${Duration.format(limit)}`)
    const own = yield* baseUrl
    const base = apiBaseUrl ?? own
    const address = new URLSearchParams({
      query: text,
      top_k: String(topK),
      ...(Object.keys(filters).length === 0 ? undefined : { filters: JsonText.stringify(filters) })
    })
    const url = URL.parse(`${trimmed(base)}/agents/${encodeURIComponent(agent.id)}/documents/query?${address}`)
    if (url === null) return yield* fail("Forbidden", "the address of the knowledge base is invalid")
    const asked = [own, ...allowedBases].some((known) => trimmed(known) === trimmed(base))
      ? askKnown(url, agentToken)
      : askNamed(url, agentToken)
    return yield* asked.pipe(
      Effect.flatMap(results),
      Effect.timeoutOrElse({
        duration: limit,
        orElse: () => fail("Timeout", `the knowledge base did not answer within ${Duration.format(limit)}`)
      })
    )
  })

interface Answer {
  readonly status: number
  readonly body: string
}

/** Queries an address chosen by the operator. */
const askKnown = (
  url: URL,
  token: Redacted.Redacted
): Effect.Effect<Answer, KnowledgeBaseError, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const asking = HttpClientRequest.get(url).pipe(HttpClientRequest.bearerToken(token))
    const response = yield* Effect.mapError(client.execute(asking), unreached)
    if (response.status !== 200) return { status: response.status, body: "" }
    const bytes = yield* response.stream.pipe(
      Stream.mapError(unreached),
      Stream.limitBytes(maxCharacters * 4, () => Stream.fail(failure("InvalidBody", tooLong))),
      Stream.mkUint8Array
    )
    return { status: response.status, body: new TextDecoder().decode(bytes) }
  })

const unreached = (error: HttpClientError): KnowledgeBaseError =>
  failure("Transport", `the knowledge base was not reached: ${error.reason._tag}`)

const tooLong = "the knowledge base answered with more than it should"

/** Queries an address that came with the call. */
const askNamed = (url: URL, token: Redacted.Redacted): Effect.Effect<Answer, KnowledgeBaseError> => {
  const policy: Egress.Policy = { allowedHosts: platformHosts, allowPrivateAddresses: false, maxRedirects: 0 }
  if (url.protocol !== "https:" || url.port !== "" || !Egress.isAllowed(url.hostname, policy.allowedHosts)) {
    return fail("Forbidden", `the call names a knowledge base that is not allowed: ${url.origin}`)
  }
  const headers = { authorization: `Bearer ${Redacted.value(token)}`, accept: "application/json" }
  return Egress.send({ method: "GET", url, headers, body: undefined, maxCharacters }, policy).pipe(
    Effect.map(({ status, text }) => ({ status, body: text })),
    Effect.mapError(({ kind }) => failure("Transport", `the knowledge base was not reached: ${kind}`))
  )
}

const trimmed = (base: string): string => base.trim().replace(/(?<!\/)\/+$/, "")

const baseUrl = Config.String("CARTESIA_BASE_URL").pipe(
  Config.withDefault(defaultBaseUrl),
  Effect.orElseSucceed(() => defaultBaseUrl)
)

const failure = (reason: KnowledgeBaseError["reason"], description: string, status?: number) =>
  new KnowledgeBaseError({ reason, description, ...(status === undefined ? undefined : { status }) })
const fail = (...args: Parameters<typeof failure>) => Effect.fail(failure(...args))

const decodeJson = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ results: Schema.optional(Schema.NullOr(Schema.Array(Schema.Unknown))) }))
)

// A stranger's answer must not get into the log.
const results = ({ body, status }: Answer) =>
  status !== 200
    ? fail("Status", `the knowledge base answered with status ${status}`, status)
    : decodeJson(body).pipe(
        Effect.map(({ results }) => results ?? []),
        Effect.mapError(() => failure("InvalidBody", "the knowledge base answered with something that is not its JSON"))
      )

/** The default description for the model. */
export const defaultDescription =
  "Look up information from your knowledge base. Use when the user asks about facts, policies, products, or other domain information that may be stored in reference documents. Pass a focused natural-language query describing what you need to find.Always let the user know before calling the tool, since it might take some time to return results."

/** What the model reads if nothing was found. */
const nothingFound = "No relevant information found in the knowledge base."
/** What the model reads if the lookup failed. The log says why. */
const unavailable = "Knowledge base lookup is currently unavailable."

export interface Options extends QueryOptions, Pick<VoiceTool.Options, "description" | "activeTurns" | "interruption"> {
  /** Whether the conversation goes on during a lookup. False by default. */
  readonly background?: boolean | undefined
}

/** Makes the tool `knowledge_base`. */
export const make = (options: Options = {}): VoiceTool.VoiceTool<HttpClient.HttpClient> => {
  const constructor = options.background === true ? VoiceTool.background : VoiceTool.loopback
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "3 seconds")
  return constructor(
    "knowledge_base",
    {
      description: options.description ?? defaultDescription,
      activeTurns: options.activeTurns,
      interruption: options.interruption,
      // The lookup has its own timeout, with its own message.
      timeout: Duration.sum(timeout, Duration.seconds(1)),
      parameters: {
        query: Schema.String.annotate({ description: "Natural-language query describing what to look up" })
      }
    },
    ({ query: text }, { turn }) =>
      query(turn.request, text, options).pipe(
        Effect.map((pieces) => pieces.flatMap(contentOf).join("\n\n---\n\n") || nothingFound),
        Effect.catchTag("KnowledgeBaseError", (error) =>
          Effect.as(Effect.logWarning(`knowledge_base: ${error.message}`), unavailable)
        )
      )
  )
}

const contentOf = (piece: unknown): ReadonlyArray<string> =>
  Predicate.hasProperty(piece, "content") && Predicate.isString(piece.content) && piece.content.trim() !== ""
    ? [piece.content]
    : []

/** Options of the tool for your own knowledge base. */
export interface OwnOptions
  extends
    Knowledge.Search,
    Passages.Options,
    Pick<VoiceTool.Options, "description" | "activeTurns" | "interruption" | "announce"> {
  /** Name of the tool. `knowledge_base` by default; give each one its own name if there are several. */
  readonly name?: string | undefined
  /** Longest lookup. 3 seconds. */
  readonly timeout?: Duration.Input | undefined
  readonly background?: boolean | undefined
}

/**
 * Makes a tool that searches the current `Knowledge`. The model reads passages with their sources, marked as data, or a
 * sentence if nothing was found or the lookup failed.
 */
export const own = (options: OwnOptions = {}): VoiceTool.VoiceTool<Knowledge.Knowledge> => {
  const constructor = options.background === true ? VoiceTool.background : VoiceTool.loopback
  const { name = "knowledge_base" } = options
  const limit = Duration.fromInputUnsafe(options.timeout ?? "3 seconds")
  return constructor(
    name,
    {
      description: options.description ?? ownDescription,
      activeTurns: options.activeTurns,
      interruption: options.interruption,
      announce: options.announce,
      // It only looks something up.
      safe: true,
      timeout: Duration.sum(limit, Duration.seconds(1)),
      maxResultCharacters: (options.maxCharacters ?? 4000) * 2 + 2000,
      parameters: {
        query: Schema.String.annotate({ description: "What to look up, as a question or in keywords" })
      }
    },
    ({ query: text }) =>
      Effect.flatMap(Knowledge.Knowledge, (knowledge) => knowledge.search(text, options)).pipe(
        Effect.map((found) => (found.length === 0 ? nothingFound : Passages.result(found, options))),
        Effect.timeoutOrElse({
          duration: limit,
          orElse: () => Effect.as(Effect.logWarning(`${name}: no answer within ${Duration.format(limit)}`), unavailable)
        }),
        Effect.catch((error) => Effect.as(Effect.logWarning(`${name}: ${error.message}`), unavailable))
      )
  )
}

const ownDescription =
  "Looks up facts, policies, products and the like in the documents of the knowledge base. Ask for one thing at a time. Answer from what it finds, and say so if it finds nothing."
