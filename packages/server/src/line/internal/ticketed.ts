/** Line's wire with calls bound to their pre-call decision: a socket requires the ticket handed out by `/chats`. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Ending } from "../../Ending.ts"
import * as Admission from "../../internal/admission.ts"
import type * as Ticket from "../../internal/ticket.ts"
import type { Redeem } from "../../internal/upgrade.ts"
import type * as UsedTickets from "../../internal/usedTickets.ts"
import * as Protocol from "../../Protocol.ts"

/** Name of the parameter of `websocket_url`. */
export const parameter = "ticket"

interface State<Inner> {
  readonly inner: Inner
  readonly ticket: Ticket.Ticket | undefined
}

const ofAnother: Protocol.Wanted = {
  _tag: "End",
  ending: Ending.StartFailed({ message: "the ticket is for another call" })
}

const notGood = new Protocol.Refused({ status: 401, detail: "No good ticket" })

/** Options of a bound wire. */
interface Options<Inner> {
  readonly protocol: Protocol.Protocol<Inner>
  readonly tickets: Ticket.Tickets
  readonly used: UsedTickets.Register
  readonly rules: Admission.Rules
}

/** A bound wire. */
export interface Ticketed<State> {
  readonly protocol: Protocol.Protocol<State>
  /** Uses the ticket of an admitted request. Fails if it was used already. */
  readonly redeem: Redeem
}

/** Wraps a protocol. A ticket replaces the token; the rules for origins still apply. */
export const make = <Inner>({ protocol, rules, tickets, used }: Options<Inner>): Ticketed<State<Inner>> => {
  // A request is admitted once and opens its call right afterwards, so its ticket is kept in between.
  const shown = new WeakMap<Protocol.Admitted, Ticket.Ticket>()
  const bound = (state: State<Inner>, [inner, wanted]: Protocol.Step<Inner>): Protocol.Step<State<Inner>> => [
    { ...state, inner },
    wanted.map((one) => (one._tag === "Start" && state.ticket?.fits(one.request.callId) !== true ? ofAnother : one))
  ]
  const wrapped: Protocol.Protocol<State<Inner>> = {
    ...protocol,
    admit: (request) =>
      Effect.gen(function* () {
        const refusal = Admission.refusalOfPage(request, rules)
        if (refusal !== undefined) return yield* Effect.fail(new Protocol.Refused(refusal))
        const text = URL.parse(request.url, "http://localhost")?.searchParams.get(parameter) ?? ""
        const ticket = tickets.read(text, yield* Clock.currentTimeMillis)
        if (ticket === undefined) return yield* Effect.fail(notGood)
        const admitted: Protocol.Admitted = { request }
        shown.set(admitted, ticket)
        return admitted
      }),
    open: (admitted, now) => {
      const [inner, wanted] = protocol.open(admitted, now)
      const state: State<Inner> = { inner, ticket: shown.get(admitted) }
      return bound(state, [inner, wanted])
    },
    step: (state, told, now) => bound(state, protocol.step(state.inner, told, now)),
    due: (state) => protocol.due(state.inner)
  }

  return {
    protocol: wrapped,
    redeem: (admitted) =>
      Effect.gen(function* () {
        const ticket = shown.get(admitted)
        const isGood = ticket !== undefined && (yield* used.take(ticket, yield* Clock.currentTimeMillis))
        if (!isGood) return yield* Effect.fail(notGood)
      })
  }
}
