/** A call on a fake Telnyx: opens the requested stream, and sends the server the call's events. */
import type { Clock } from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Faults } from "../Faults.ts"
import type { Ending, TelnyxPhone } from "../TelnyxPhone.ts"
import * as Handset from "./handset.ts"
import * as CarrierStream from "./stream.ts"
import * as Streams from "./streams.ts"
import * as Dialect from "./telnyxDialect.ts"
import type { Events } from "./telnyxEvents.ts"

/** Facts repeated in every event of a call. */
export interface About {
  readonly from: string
  readonly to: string
  readonly direction: "incoming" | "outgoing"
  readonly client_state?: unknown
}

export interface Call {
  readonly phone: TelnyxPhone
  /** Opens the media stream, and waits until it is over. */
  readonly open: (url: string) => Effect.Effect<void>
  /** Ends the call, and tells the server. Only the first end counts. */
  readonly end: (ending: Ending, cause?: string) => Effect.Effect<void>
  /** Sends all further events to this webhook, if it is one. */
  readonly redirect: (webhook: unknown) => void
  /** Sends an event of this call. Returns the HTTP status. */
  readonly event: (type: string, fields?: object) => Effect.Effect<number>
}

export interface Options {
  readonly clock: Clock
  readonly events: Events
  readonly faults: Faults
  /** Scope for sending events that nobody waits for. */
  readonly scope: Scope.Scope
}

const frameBytes = 160

export const make = ({ clock, events, faults, scope }: Options, about: About): Call => {
  const callControlId = events.newId("v3")
  const millis = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
  const startedAt = millis()
  const handset = Handset.make(frameBytes)
  const streams = Streams.make()
  const over = Deferred.makeUnsafe<Ending>()
  let webhook: string | undefined
  const event: Call["event"] = (type, fields = {}) =>
    Effect.suspend(() => events.send(type, { call_control_id: callControlId, ...about, ...fields }, webhook))
  const end: Call["end"] = (ending, hangup_cause = "normal_clearing") =>
    Effect.flatMap(Deferred.succeed(over, ending), (isFirst) => {
      const told = Effect.ignoreCause(event("call.hangup", { hangup_cause }))
      return isFirst ? Effect.asVoid(Effect.forkIn(told, scope)) : Effect.void
    })
  const open: Call["open"] = (url) =>
    Effect.gen(function* () {
      const streamId = events.newId("stream")
      const opening = CarrierStream.open({
        url,
        headers: {},
        dialect: Dialect.make({ streamId, callControlId, mediaFormat: faults.mediaFormat }),
        faults,
        handset,
        silentByte: 0xff,
        frameBytes,
        now: () => millis() - startedAt
      })
      const opened = yield* Effect.exit(opening)
      streams.note(opened)
      const stream = streams.current()
      if (stream === undefined) return
      yield* Effect.raceFirst(stream.closed, Deferred.await(over))
      yield* stream.end
    }).pipe(Effect.scoped)
  return {
    open,
    end,
    event,
    redirect: (url) => {
      if (typeof url === "string") webhook = url
    },
    phone: {
      callControlId,
      say: (audio) => streams.current()?.say(audio),
      press: (digit) => streams.current()?.press(digit),
      hangUp: end("caller"),
      played: handset.played,
      clears: handset.clears,
      recording: () => Buffer.concat(handset.played.map(({ bytes }) => bytes)),
      nonsense: () => streams.current()?.nonsense ?? [],
      connected: streams.nth(1),
      over: Deferred.await(over)
    }
  }
}
