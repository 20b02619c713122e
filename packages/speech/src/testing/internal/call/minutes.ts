/** Keeps the minutes of a call over audio: its timeline, and the steps of the floor. */
import type * as Call from "@antiphon/core/Call"
import type * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import type * as Timeline from "@antiphon/core/testing/Timeline"
import type * as Watch from "@antiphon/core/testing/Watch"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Floor from "../../../Floor.ts"
import type { FloorAction } from "../../../FloorAction.ts"
import type { FloorEvent } from "../../../FloorEvent.ts"
import type * as Watcher from "../../../speech/internal/watcher.ts"
import { laws } from "../floorLaws.ts"
import type * as Law from "../floorLaw.ts"
import type { PlayedWord } from "./voiceTap.ts"

/** A step of the floor in which something happened. */
export interface FloorEntry {
  readonly event: FloorEvent
  readonly actions: ReadonlyArray<FloorAction>
}

/** A law of the floor broken at an audio time. */
export interface FloorBreach extends Law.Breach {
  readonly at: number
}

export interface Minutes {
  readonly entries: ReadonlyArray<Timeline.Entry>
  readonly note: (happening: Timeline.Happening) => void
  /** Milliseconds of the call. */
  readonly now: () => number
  readonly lastTurn: () => number
  /** The caller has heard a word. */
  readonly heard: (word: PlayedWord) => void
  /** The words heard since the caller last spoke. */
  readonly heardText: () => string
  readonly wordsHeard: () => number
  readonly lastHeardAt: () => number
  readonly callerSpoke: () => void
  /** One side hangs up. Added to the timeline once the call has read everything before it. */
  readonly hangsUp: (by: Timeline.HungUpBy, reason: string | undefined) => void
  readonly hungUp: () => Timeline.HungUpBy | undefined
  /** Whether no turn runs, and the floor is free. */
  readonly isQuiet: () => boolean
  readonly watcher: (watch: Watch.Watch) => Watcher.Watcher
  readonly history: Effect.Effect<History.History>
  readonly floor: ReadonlyArray<FloorEntry>
  readonly breaches: ReadonlyArray<FloorBreach>
}

export const make: Effect.Effect<Minutes> = Effect.map(Clock.Clock, (clock) => {
  const began = clock.currentTimeMillisUnsafe()
  const now = () => clock.currentTimeMillisUnsafe() - began
  const entries: Array<Timeline.Entry> = []
  const floor: Array<FloorEntry> = []
  const breaches: Array<FloorBreach> = []
  const running = new Set<number>()
  let last = { turn: 0, trigger: "" }
  /** The turn last announced to the pipeline, which opens a voice for it. */
  let told = 0
  /** The turn of the last word heard. */
  let speaker = -1
  let heard = { text: "", words: 0, at: 0 }
  let hungUp: { readonly by: Timeline.HungUpBy; readonly reason: string | undefined } | undefined
  let state: Floor.Floor = Floor.initial
  let watches: ReadonlyArray<{ readonly law: string; readonly watch: Law.Watch }> | undefined
  let call: Call.Call | undefined
  let ids = 0

  const note = (happening: Timeline.Happening): void => {
    entries.push({ at: now(), ...happening })
    if (happening._tag === "TurnStarted") last = { turn: happening.turn, trigger: happening.trigger.eventId }
    if (happening._tag !== "TurnTold") return
    if (happening.change === "Started") {
      running.add(happening.turn)
      told = happening.turn
    } else running.delete(happening.turn)
  }

  const stepped: Watcher.Watcher["stepped"] = (step, policy) => {
    state = step.after
    watches ??= laws.map((law) => ({ law: law.name, watch: law.watch(policy, Floor) }))
    if (step.event._tag !== "Tick" || step.actions.length > 0) floor.push({ event: step.event, actions: step.actions })
    const seen = { ...step, due: Floor.due(step.after, policy) }
    for (const { law, watch } of watches) {
      const message = watch.see(seen)
      if (message !== undefined) breaches.push({ law, message, at: step.after.now })
    }
  }

  return {
    entries,
    note,
    now,
    floor,
    breaches,
    lastTurn: () => told,
    heard: ({ from, owner, text }) => {
      note({ _tag: "Spoken", turn: owner, from, text: owner === speaker ? ` ${text}` : text, reported: text })
      speaker = owner
      heard = { text: `${heard.text} ${text}`.trimStart(), words: heard.words + 1, at: now() }
    },
    heardText: () => heard.text,
    wordsHeard: () => heard.words,
    lastHeardAt: () => heard.at,
    callerSpoke: () => {
      heard = { text: "", words: 0, at: heard.at }
    },
    hangsUp: (by, reason) => {
      hungUp ??= { by, reason }
    },
    hungUp: () => hungUp?.by,
    isQuiet: () => running.size === 0 && Floor.agent(state) === "Quiet" && Floor.user(state) === "Silent",
    history: Effect.suspend(() => call!.history),
    watcher: (watch) => ({
      stepped,
      harness: (harness) => ({
        ...harness,
        send: (outputs) =>
          Effect.withFiber((fiber) => {
            const of = watch.turnOf(fiber)
            const turn = of > 0 || outputs[0].respondingTo !== last.trigger ? of : last.turn
            for (const output of outputs) note({ _tag: "Sent", turn, output })
            return harness.send(outputs)
          }),
        turn: (change) => {
          note({ _tag: "TurnTold", turn: change.turn, change: change._tag })
          harness.turn?.(change)
        },
        fail: (error) =>
          Effect.suspend(() => {
            note({ _tag: "CallFailed", error })
            return harness.fail(error)
          })
      }),
      call: (made) => {
        call = made
        return {
          ...made,
          receive: (report: Event.Report) =>
            Effect.suspend(() => {
              const eventId = report.eventId ?? `r${++ids}`
              note({ _tag: "Reported", eventId, report })
              return Effect.tap(made.receive({ ...report, eventId }), () =>
                Effect.sync(() => note({ _tag: "Taken", eventId }))
              )
            }),
          end: Effect.suspend(() => {
            // Some breaches can only be established at the end, if both sides have been silent before it.
            const isQuiet = Floor.agent(state) === "Quiet" && Floor.user(state) === "Silent" && state.turn === undefined
            for (const { law, watch } of isQuiet ? (watches ?? []) : []) {
              const message = watch.end?.(state)
              if (message !== undefined) breaches.push({ law, message, at: state.now })
            }
            const { by, reason } = hungUp ?? { by: "caller" as const, reason: undefined }
            note({ _tag: "HungUp", by, reason })
            return Effect.tap(made.end, () => Effect.sync(() => note({ _tag: "Ended", fibers: 0 })))
          })
        }
      }
    })
  }
})
