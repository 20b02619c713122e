/**
 * Runs calls over HTTP requests. A call is leased under the platform's key: the first request opens the call, later
 * ones join it, and it ends when its protocol says so or when no request comes for too long.
 */
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { CallHost, Reception } from "../CallHost.ts"
import { Ending } from "../Ending.ts"
import type * as Protocol from "../Protocol.ts"
import * as Body from "./body.ts"
import * as Door from "./door.ts"
import * as Intake from "./intake.ts"
import * as Replies from "./replies.ts"

interface Lease {
  readonly host: CallHost
  readonly replies: Replies.Replies
  readonly intake: Intake.Intake
}

/** Makes the handler for the requests of a protocol. */
export const make = <State>(options: {
  readonly protocol: Protocol.Protocol<State>
  readonly reception: Reception
  readonly idleTimeout?: Duration.Duration | undefined
}) => {
  const { protocol, reception } = options
  const { settings } = reception
  const leases = new Map<string, Lease>()
  const read = Body.reader(settings, ByteSize.bytes(settings.maxFrameBytes))
  // Two first requests of a call may come at once: the second must find the call that the first opens.
  const turnstile = Semaphore.makeUnsafe(1)

  const open = (admitted: Protocol.Admitted, client: string): Effect.Effect<Lease> =>
    Effect.gen(function* () {
      const { key } = admitted
      const intake = Intake.make(settings, yield* Clock.Clock, reception.calls.paceOf(client))
      const scope = yield* Scope.make()
      let host: CallHost | undefined
      let replies: Replies.Replies | undefined
      host = yield* reception.open({
        protocol,
        admitted,
        client,
        scope,
        idleTimeout: options.idleTimeout ?? settings.leaseTimeout,
        connect: (stop) =>
          Effect.sync(() => {
            replies = Replies.make({
              settings,
              onClosed: (reply) => host?.tell({ _tag: "ReplyClosed", reply }) ?? Effect.void,
              onStalled: stop(Ending.Stalled())
            })
            return replies.link
          })
      })
      const lease: Lease = { host, replies: replies!, intake }
      if (key !== undefined) {
        leases.set(key, lease)
        const forget = Effect.sync(() => {
          // While a call ends slowly, another one may already have its key.
          if (leases.get(key) === lease) leases.delete(key)
        })
        yield* Scope.addFinalizer(scope, forget)
      }
      return lease
    })

  /** Finds the call of a key, or opens one. */
  const leaseOf = (admitted: Protocol.Admitted, client: string): Effect.Effect<Lease, HttpServerResponse> =>
    turnstile.withPermit(
      Effect.suspend(() => {
        const known = admitted.key === undefined ? undefined : leases.get(admitted.key)
        return known !== undefined && !known.host.isOver()
          ? Effect.succeed(known)
          : Effect.andThen(Door.roomFor(reception, client), open(admitted, client))
      })
    )

  return (request: HttpServerRequest, params: Protocol.WireRequest["params"]): Effect.Effect<HttpServerResponse> =>
    Effect.gen(function* () {
      const body = yield* read(request)
      const wire = Door.wireRequest(request, params, body)
      const admitted = yield* Door.admit(protocol, reception, wire)
      const { host, intake, replies } = yield* leaseOf(admitted, reception.clientOf(request))
      host.touch(1)
      const excess = intake.excess([body])
      if (excess !== undefined) yield* host.stop(excess)
      return yield* replies.awaitReply((reply) => host.tell({ _tag: "Request", request: wire, reply }))
    }).pipe(Effect.catch(Effect.succeed))
}
