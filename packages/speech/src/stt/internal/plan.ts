/**
 * A plan of recognisers. When one fails during a call, it is reopened or the next one takes over. The replacement hears
 * the last seconds of audio again, starting after the last final words.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as AudioFormat from "../../AudioFormat.ts"
import * as AudioFrame from "../../AudioFrame.ts"
import * as Steps from "../../internal/steps.ts"
import * as SpeechError from "../../SpeechError.ts"
import type * as Service from "./service.ts"
import * as TurnOrder from "./turnOrder.ts"

/** How the plan handles failures. */
export interface Options extends Steps.Options {
  /** How much audio a replacement hears again, in milliseconds. Defaults to 6000. */
  readonly replayMs?: number | undefined
}

type Recogniser = Service.SpeechToText["Service"]

/** How many times in a row a recogniser may break without having heard anything. */
const mostInARow = 2
/** How much audio to keep while no recogniser is open, in milliseconds. */
const mostKeptMs = 30_000

/** Makes a recogniser from a plan. It has the capabilities that all recognisers of the plan share. */
export const make = (services: ReadonlyArray<Recogniser>, options: Options): Recogniser => {
  const steps = services.map(Steps.make)
  const all = (can: (of: Service.Capabilities) => boolean) => services.every(({ capabilities }) => can(capabilities))
  const capabilities: Service.Capabilities = {
    turns: all(({ turns }) => turns),
    partials: all(({ partials }) => partials),
    wordTimes: all(({ wordTimes }) => wordTimes)
  }
  return {
    name: steps[0]?.name ?? "none",
    capabilities,
    warmUp: services[0]?.warmUp ?? Effect.void,
    open: (format, spoken) => open(steps, capabilities, options, format, spoken)
  }
}

const late = (step: Steps.Step<Recogniser>, afterMs: number) =>
  SpeechError.make(step.name.split("/")[0]!, { _tag: "TimedOut", what: "connection", afterMs })

const open = Effect.fnUntraced(function* (
  steps: ReadonlyArray<Steps.Step<Recogniser>>,
  capabilities: Service.Capabilities,
  options: Options,
  format: AudioFormat.AudioFormat,
  spoken: Service.Options | undefined
) {
  const scope = yield* Effect.scope
  const events = yield* Effect.acquireRelease(
    Queue.unbounded<Service.Event, SpeechError.SpeechError | Cause.Done>(),
    (queue) => Queue.shutdown(queue)
  )
  const start = Steps.open(steps, options, ({ service }) => service.open(format, spoken), late)
  const inOrder = capabilities.turns ? TurnOrder.make() : withoutTurns
  const replayMs = options.replayMs ?? 6000
  let current: Service.Session | undefined
  let kept: Array<AudioFrame.AudioFrame> = []
  let settled = -1
  let hasEnded = false

  const end = () => (kept.length === 0 ? 0 : AudioFrame.end(kept.at(-1)!))
  const keep = (frame: AudioFrame.AudioFrame) => {
    kept.push(frame)
    const oldest = end() - (current === undefined ? mostKeptMs : replayMs)
    while (kept.length > 0 && AudioFrame.end(kept[0]!) <= oldest) kept.shift()
  }
  const take = (event: Service.Event) => {
    // Final words are not recognised again.
    if (event._tag === "Final" || event._tag === "TurnEnded") settled = Math.max(settled, event.to ?? end())
    Queue.offerAllUnsafe(events, inOrder([event]))
  }
  const listen = (first: Steps.Opened<Recogniser, Service.Session>) =>
    Effect.gen(function* () {
      let opened = first
      let inARow = 0
      while (true) {
        const { scope: own, step, value } = opened
        yield* Effect.sync(() => {
          current = value
        })
        const outcome = yield* Effect.result(
          Stream.runForEach(value.events, (event) =>
            Effect.sync(() => {
              inARow = 0
              take(event)
            })
          )
        )
        if (outcome._tag === "Success") return void Queue.endUnsafe(events)
        current = undefined
        yield* Scope.close(own, Exit.void)
        const error = outcome.failure
        yield* Effect.logWarning(`speech step ${step.name} failed: ${error.message}`)
        if (!error.isRetryable || ++inARow >= mostInARow) yield* Steps.giveUp(step, options)
        if (inARow >= mostInARow * steps.length) return yield* error
        // With a single recogniser, a refused request would only be refused again.
        if (!error.isRetryable && steps.length === 1) return yield* error
        opened = yield* Scope.provide(start, scope)
        const from = Math.max(settled, end() - Math.max(replayMs, 0))
        yield* Effect.forEach(
          kept.filter((frame) => AudioFrame.end(frame) > from),
          opened.value.send,
          { discard: true }
        )
        if (hasEnded) yield* opened.value.end
      }
    }).pipe(Effect.catchCause((cause) => Effect.sync(() => void Queue.failCauseUnsafe(events, cause))))

  const first = yield* start
  current = first.value
  yield* Effect.forkIn(listen(first), scope)
  return {
    send: (frame) =>
      Effect.suspend(() => {
        if (hasEnded) return Effect.void
        keep(frame)
        return current === undefined ? Effect.void : current.send(frame)
      }),
    flush: Effect.suspend(() => current?.flush ?? Effect.void),
    end: Effect.suspend(() => {
      if (hasEnded) return Effect.void
      hasEnded = true
      return current?.end ?? Effect.void
    }),
    events: Stream.fromQueue(events)
  } satisfies Service.Session
})

/** Converts the events of a recogniser with turns to those of one without. */
const withoutTurns = (events: ReadonlyArray<Service.Event>): ReadonlyArray<Service.Event> =>
  events.flatMap((event): ReadonlyArray<Service.Event> => {
    const words = () => {
      const { _tag: _, ...rest } = event as Service.EagerEnd
      return rest
    }
    switch (event._tag) {
      case "EagerEnd":
        return [{ ...words(), _tag: "Partial" }]
      case "TurnEnded":
        return event.text === "" ? [] : [{ ...words(), _tag: "Final" }]
      case "Resumed":
        return []
      case "SpeechStarted":
      case "Partial":
      case "Final":
        return [event]
    }
  })
