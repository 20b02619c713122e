/** Line's wire with calls that are bound to the decision before them: a socket needs the ticket that `/chats` handed out. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Ending } from "../../Ending.ts"
import * as Admission from "../../internal/admission.ts"
import type * as Ticket from "../../internal/ticket.ts"
import * as Protocol from "../../Protocol.ts"

/** Name of the parameter of `websocket_url`. */
export const parameter = "ticket"

interface State<Inner> {
  readonly inner: Inner
  readonly seal: Ticket.Seal | undefined
}

const ofAnother: Protocol.Wanted = {
  _tag: "End",
  ending: Ending.StartFailed({ message: "the ticket is for another call" })
}

/** Wraps a protocol. A ticket stands for the token; where the request comes from counts as ever. */
export const make = <Inner>(
  protocol: Protocol.Protocol<Inner>,
  tickets: Ticket.Tickets,
  rules: Admission.Rules
): Protocol.Protocol<State<Inner>> => {
  // A request is admitted once, and opens its call right after: what its ticket is for is kept in between.
  const seals = new WeakMap<Protocol.Admitted, Ticket.Seal>()
  const bound = (state: State<Inner>, [inner, wanted]: Protocol.Step<Inner>): Protocol.Step<State<Inner>> => [
    { ...state, inner },
    wanted.map((one) => (one._tag === "Start" && state.seal?.fits(one.request.callId) !== true ? ofAnother : one))
  ]
  return {
    ...protocol,
    admit: (request) =>
      Effect.gen(function* () {
        const refusal = Admission.refusalOfPage(request, rules)
        if (refusal !== undefined) return yield* Effect.fail(new Protocol.Refused(refusal))
        const ticket = URL.parse(request.url, "http://localhost")?.searchParams.get(parameter) ?? ""
        const seal = tickets.use(ticket, yield* Clock.currentTimeMillis)
        if (seal === undefined)
          return yield* Effect.fail(new Protocol.Refused({ status: 401, detail: "No good ticket" }))
        const admitted: Protocol.Admitted = { request }
        seals.set(admitted, seal)
        return admitted
      }),
    open: (admitted, now) => {
      const [inner, wanted] = protocol.open(admitted, now)
      const state: State<Inner> = { inner, seal: seals.get(admitted) }
      return bound(state, [inner, wanted])
    },
    step: (state, told, now) => bound(state, protocol.step(state.inner, told, now)),
    due: (state) => protocol.due(state.inner)
  }
}
