/** The routes of a carrier that calls a webhook and then opens a socket: what Twilio and Telnyx have in common. */
import * as EventId from "@antiphon/core/EventId"
import type * as Entrance from "@antiphon/server/Entrance"
import type * as PreCall from "@antiphon/server/PreCall"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type { Answer } from "../Answer.ts"
import type { Place } from "./holding.ts"
import * as PublicAddress from "./publicAddress.ts"
import * as Reception from "./reception.ts"
import * as SharedPort from "./sharedPort.ts"
import * as Tokens from "./tokens.ts"

/** Options that the carriers share. Their docstrings are with each carrier. */
export interface Options<E, R> {
  readonly path?: HttpRouter.PathInput | undefined
  readonly publicUrl?: string | undefined
  readonly processUrl?: string | undefined
  readonly preCall?: PreCall.Handler<E, R> | undefined
}

/** State that the routes of any carrier share. */
export interface CarrierDesk<Expected> extends Place {
  readonly addresses: PublicAddress.Addresses
  /** Path of the webhook, without a trailing slash. The other routes are below it. */
  readonly path: `/${string}`
  readonly preCall: PreCall.Handler<unknown> | undefined
  /** Each call whose stream has not connected yet. */
  readonly tokens: Tokens.Tokens<Expected>
}

/** Maximum time between the webhook of a call and its socket. */
const tokenTimeout = Duration.seconds(60)

/** Makes the state, logs where the carrier's webhook is, and warns if the requests of one call may reach different processes. */
export const make = <Expected, E, R, PE, PR>(
  carrier: { readonly name: string; readonly path: HttpRouter.PathInput },
  answer: Answer<E, R>,
  options: Options<PE, PR>,
  reception: Entrance.Reception
): Effect.Effect<CarrierDesk<Expected>, never, R | PR> =>
  Effect.gen(function* () {
    const services = yield* Effect.context<R | PR>()
    const provide = <A, E2>(effect: Effect.Effect<A, E2, R | PR>) =>
      Effect.provideContext(effect, services as Context.Context<R | PR>)
    const { preCall } = options
    const path = (options.path ?? carrier.path).replace(/(?<!\/)\/+$/, "") as `/${string}`
    const addresses = yield* PublicAddress.load(options)
    const where =
      addresses.publicUrl === undefined ? `${path} of this server's public address` : addresses.publicUrl + path
    yield* SharedPort.warn(carrier.name, options.processUrl)
    yield* Effect.logInfo(`The webhook for ${carrier.name} is ${where}.`)
    return {
      reception: Reception.ofCarrier(reception),
      nextId: yield* EventId.make,
      answer: (line) => provide(answer(line)),
      addresses,
      path,
      preCall: preCall === undefined ? undefined : (request) => provide(preCall(request)),
      tokens: Tokens.make(yield* Clock.Clock, tokenTimeout)
    }
  })
