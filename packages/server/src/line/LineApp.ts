/**
 * The routes of Cartesia's Line wire: `POST /chats`, `GET /status`, `WS /ws`.
 *
 * @since 0.1.0
 */
import * as ByteSize from "effect/ByteSize"
import type * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Answers from "../internal/answers.ts"
import * as Body from "../internal/body.ts"
import * as Door from "../internal/door.ts"
import * as Making from "../internal/making.ts"
import * as Ticket from "../internal/ticket.ts"
import * as Upgrade from "../internal/upgrade.ts"
import * as UsedTicketsHere from "../internal/usedTickets.ts"
import type { Reception } from "../CallHost.ts"
import type * as Mount from "../Mount.ts"
import * as PreCall from "../PreCall.ts"
import type { Settings } from "../Settings.ts"
import * as Opening from "./internal/opening.ts"
import * as Ticketed from "./internal/ticketed.ts"
import * as LineProtocol from "./LineProtocol.ts"

/** Version of the wire, as Line 0.2.17 names it. */
const wireVersion = "2026-04-03"

/** Longest body of `POST /chats`. */
const maxBodySize = ByteSize.mebibytes(1)

const agentCode = { "x-cartesia-error-source": "agent-code" }

/** Keeps the tickets that were used, where several machines reach it. */
export interface UsedTickets {
  /**
   * Marks a ticket as used until it expires (`until`, wall time in milliseconds), and succeeds with whether it was not used before, in
   * one step. If this fails, or takes longer than two seconds, the ticket is refused.
   */
  readonly take: (ticket: { readonly id: string; readonly until: number }) => Effect.Effect<boolean, unknown>
}

/** Options of the mount. */
export interface Options<E = never, R = never> extends LineProtocol.Options {
  /**
   * Makes a ticket (`ANTIPHON_BIND_CALLS`) good once on several machines. By default it is good once in each process, or once among
   * the processes of a `Supervisor`.
   */
  readonly usedTickets?: UsedTickets | undefined
  /** Decides about each call before it starts. By default every call is accepted. */
  readonly preCall?: PreCall.Handler<E, R> | undefined
}

/** Mounts Line's wire. */
export const make = <E = never, R = never>(options: Options<E, R> = {}): Mount.Mount<Exclude<R, Scope.Scope>> => ({
  name: "line",
  routes: (reception) =>
    Effect.gen(function* () {
      const protocol = LineProtocol.make(reception.settings, options)
      const router = yield* HttpRouter.HttpRouter
      const services = yield* Effect.context<Exclude<R, Scope.Scope>>()
      const { settings } = reception
      const secret = settings.ticketSecret ?? settings.token
      const tickets = settings.bindCalls
        ? Ticket.make(secret === undefined ? undefined : Redacted.value(secret))
        : undefined
      const used = options.usedTickets === undefined ? yield* UsedTicketsHere.Current : shared(options.usedTickets)
      const read = Body.reader(settings, maxBodySize)
      const admitted = (request: HttpServerRequest.HttpServerRequest) =>
        Effect.andThen(
          Door.admit(protocol, reception, Door.wireRequest(request, {}, "")),
          Door.roomFor(reception, reception.clientOf(request))
        )

      yield* router.add("*", "/status", (request) =>
        request.method === "GET" || request.method === "HEAD" ? status : Effect.succeed(Answers.notAllowed("GET"))
      )
      yield* router.add("*", "/chats", (request) =>
        request.method === "POST"
          ? admitted(request).pipe(
              Effect.andThen(read(request)),
              Effect.flatMap((body) =>
                Effect.provideContext(
                  Effect.scoped(chat(body, options.preCall, tickets, settings)),
                  services as Context.Context<R>
                )
              ),
              Effect.catch(Effect.succeed)
            )
          : Effect.succeed(Answers.notAllowed("POST"))
      )
      yield* router.add(
        "*",
        "/ws",
        tickets === undefined
          ? Upgrade.make(protocol, reception)
          : ticketed(Ticketed.make({ protocol, tickets, used, rules: settings }), reception)
      )
    })
})

/** A register that may fail: then no ticket is good, because nobody knows whether it was used. */
const shared = ({ take }: UsedTickets): UsedTicketsHere.Register => ({
  take: ({ id, until }) =>
    Making.within(() => take({ id, until }), { duration: registerPatience, late: "it did not answer in time" }).pipe(
      Effect.map((isNew) => isNew === true),
      Effect.catchCause((cause) => Effect.as(Effect.logError("The register of used tickets failed.", cause), false))
    )
})

const registerPatience = Duration.seconds(2)

const ticketed = <State>({ protocol, redeem }: Ticketed.Ticketed<State>, reception: Reception) =>
  Upgrade.make(protocol, reception, redeem)

const status = Effect.map(DateTime.now, (now) => {
  // Formatted as Python does it: an offset instead of Z, microseconds, and no fraction if it is zero.
  const timestamp = DateTime.formatIso(now).replace(/\.(\d{3})Z$/, (_, ms) => (ms === "000" ? "" : `.${ms}000`))
  return Answers.respond(200, {
    status: "ok",
    timestamp: `${timestamp.replace(/Z$/, "")}+00:00`,
    service: "cartesia-line"
  })
})

const chat = <E, R>(
  body: string,
  preCall: PreCall.Handler<E, R> | undefined,
  tickets: Ticket.Tickets | undefined,
  { startTimeout }: Pick<Settings, "startTimeout">
) =>
  Effect.gen(function* () {
    const decoded = Opening.decodeChat(body)
    if (Result.isFailure(decoded)) {
      return Answers.respond(400, { detail: `Bad request: ${decoded.failure.message}` })
    }
    const call = decoded.success
    const decision =
      preCall === undefined
        ? PreCall.accept()
        : yield* Making.within(() => preCall(call), { duration: startTimeout, late: "it did not decide in time" })
    if (decision._tag === "Rejected") return Answers.respond(403, { detail: "Call rejected" }, agentCode)
    const query =
      tickets === undefined
        ? ""
        : `?${Ticketed.parameter}=${tickets.issue(call.callId, yield* Clock.currentTimeMillis)}`
    return Answers.respond(200, {
      websocket_url: `/ws${query}`,
      cartesia_version: wireVersion,
      metadata: { ...call.metadata, ...decision.metadata },
      ...(Object.keys(decision.config).length > 0 ? { config: decision.config } : {})
    })
  }).pipe(
    Effect.catchIf(
      (error): error is PreCall.HttpError => error instanceof PreCall.HttpError,
      ({ detail, headers, status }) => Effect.succeed(Answers.respond(status, { detail }, { ...headers, ...agentCode }))
    ),
    Effect.catchCause((cause) =>
      Effect.as(
        Effect.logError("The pre-call handler failed.", cause),
        Answers.respond(500, { detail: "Server error in call processing" }, agentCode)
      )
    )
  )
