/**
 * The server side of Cartesia's Calls API. Clients written for Line's voice agents (web, mobile, telephony) work unchanged.
 *
 * ```ts
 * const Calls = CallsApi.layer((line) => Speech.run(agent, line))
 * // wss://<your server>/agents/stream/<agent id>
 * ```
 *
 * Clients do not report what they have played, so what the caller heard is an estimate based on time.
 *
 * @since 0.1.0
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as EventId from "@antiphon/core/EventId"
import * as Entrance from "@antiphon/server/Entrance"
import type * as Ending from "@antiphon/server/Ending"
import type * as Mount from "@antiphon/server/Mount"
import type * as Config from "effect/Config"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Answer, Surroundings } from "./Answer.ts"
import * as Wire from "./internal/callsApi/wire.ts"
import * as Holding from "./internal/holding.ts"
import * as Parting from "./internal/parting.ts"
import * as Query from "./internal/query.ts"
import * as Reception from "./internal/reception.ts"
import * as Secret from "./internal/secret.ts"

/** Options for answering calls. */
export interface Options<out E = never, out R = never> {
  /** Path of the socket. `/agents/stream/:agentId` by default. */
  readonly path?: HttpRouter.PathInput | undefined
  /**
   * Checks a client's token, which may be an API key or an access token you have issued. By default it must be the server's own
   * token (`ANTIPHON_TOKEN`), if there is one.
   */
  readonly authorize?: ((token: string, agentId: string) => Effect.Effect<boolean, E, R>) | undefined
}

/** Mounts the route on a server, beside its other protocols: `VoiceAgentApp.serve(agent, { protocols: [mount(answer)] })`. */
export const mount = <E = never, R = never, AE = never, AR = never>(
  answer: Answer<E, R>,
  options: Options<AE, AR> = {}
): Mount.Mount<R | AR> => ({
  name: "calls-api",
  routes: (reception) => routes(answer, options, reception)
})

/** Layer that adds the route to a router. Its calls count towards the `Calls` in the context, or towards limits of its own. */
export const layer = <E = never, R = never, AE = never, AR = never>(
  answer: Answer<E, R>,
  options: Options<AE, AR> & Surroundings = {}
): Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R | AR, Scope.Scope>> =>
  Reception.layer((reception) => routes(answer, options, reception), options)

const routes = <E, R, AE, AR>(answer: Answer<E, R>, options: Options<AE, AR>, reception: Entrance.Reception) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<R | AR>()
    const router = yield* HttpRouter.HttpRouter
    const provide = <A, E2>(effect: Effect.Effect<A, E2, R | AR>) =>
      Effect.provideContext(effect, services as Context.Context<R | AR>)
    const { authorize } = options
    const place: Holding.Place = {
      reception,
      nextId: yield* EventId.make,
      answer: (line) => provide(answer(line))
    }
    const { nextToken, token } = reception.settings
    const tokens = [token, nextToken].filter((each) => each !== undefined)
    // The token is checked here, because clients send it in several ways. Without a token the server's own rules apply.
    const isOpen = authorize === undefined && tokens.length === 0
    const known = isOpen ? place : { ...place, reception: Reception.ofKnown(reception) }
    const isKnown = (given: string, agentId: string): Effect.Effect<boolean> => {
      if (authorize !== undefined) return Effect.orElseSucceed(provide(authorize(given, agentId)), () => false)
      return Effect.succeed(isOpen || tokens.map((each) => Secret.equals(given, Redacted.value(each))).includes(true))
    }
    yield* router.add("*", options.path ?? "/agents/stream/:agentId", (request) =>
      Effect.flatMap(HttpRouter.params, (params) => {
        const agentId = params["agentId"] ?? "agent"
        const refused = Effect.as(
          reception.refused(401, "Unauthorized"),
          HttpServerResponse.text(JSON.stringify({ detail: "Unauthorized" }), {
            status: 401,
            contentType: "application/json"
          })
        )
        return Effect.flatMap(isKnown(tokenOf(request), agentId), (isKnown) =>
          isKnown ? Holding.open(request, carrier(agentId, known), known) : refused
        )
      })
    )
  })

/** Reads the token from wherever clients of the API put it. */
const tokenOf = (request: HttpServerRequest): string =>
  /^Bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1]?.trim() ??
  request.headers["x-api-key"] ??
  Query.of(request).get("access_token") ??
  ""

/** The API's own limit: a client that sends neither audio nor pings for this long is gone. */
const idleTimeout = Duration.minutes(3)

const carrier = (agentId: string, place: Holding.Place): Holding.Carrier => ({
  name: "calls-api",
  decode: Wire.decode(place.nextId),
  codec: Wire.codec,
  mostHeld: 0,
  // Telephone lines have no echo. Other clients may have a loudspeaker.
  echoFree: ({ format }) => format?.encoding === "mulaw",
  idleTimeout,
  admit: ({ agent, callId, from, metadata, to }) =>
    Effect.succeed(
      CallRequest.make({
        callId,
        from: from ?? "websocket",
        to: to ?? agentId,
        agent: { id: agentId, systemPrompt: agent?.systemPrompt ?? null, introduction: agent?.introduction ?? null },
        metadata
      })
    ),
  greeting: Wire.ack,
  control: () => ({ hangUp: Effect.void }),
  parting
})

const parting = (ending: Ending.Ending, farewell: string | undefined): Parting.Parting => {
  switch (ending._tag) {
    case "AgentEnded":
      return { code: 1000, reason: ended(farewell) }
    case "Idle":
      return { code: 1000, reason: "connection idle timeout" }
    default:
      return Parting.of(ending)
  }
}

/** Longest reason that fits into a close frame, in bytes. */
const longestReason = 123

const ended = (farewell: string | undefined): string => {
  if (farewell === undefined || farewell === "agent_ended") return "call ended by agent"
  const reason = `call ended by agent, reason: ${farewell}`
  return Buffer.byteLength(reason) <= longestReason ? reason : "call ended by agent"
}
