/** Hands reports to the call one by one, after the work in progress when they arrive. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Call from "../../../Call.ts"
import type * as Event from "../../../Event.ts"
import type { Happening } from "../time/happening.ts"
import type { World } from "../time/world.ts"

export interface Inbox {
  /** Takes a report of the harness. */
  readonly report: (report: Event.Report) => void
  /** Takes a report of a recorded call, with the recorded id of its event, if known. */
  readonly repeat: (report: Event.Report, eventId: string | undefined) => void
  /** Connects the call that reads the reports. Until then they wait. */
  readonly join: (call: Call.Call) => void
  /** Whether all reports were read. */
  readonly isEmpty: () => boolean
  /** Drops unread reports, and interrupts the call if it is reading one. */
  readonly close: Effect.Effect<void>
}

interface Incoming {
  readonly report: Event.Report
  /** The recorded id of the event, if this repeats a recorded call. */
  readonly repeats?: string
}

export const make = (options: {
  readonly world: World
  readonly note: (happening: Happening) => void
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Called when the caller begins to speak. */
  readonly spoke: () => void
  /** Called when the call has taken a report. */
  readonly taken: () => void
  readonly failed: (exit: Exit.Exit<void>) => void
}): Inbox => {
  const { fork, note, world } = options
  let reports: Array<Incoming> = []
  let ids = 0
  let call: Call.Call | undefined
  let reading: Fiber.Fiber<void> | undefined
  let isCalled = false
  let isClosed = false

  const wake = () => {
    if (isCalled || call === undefined) return
    isCalled = true
    world.soon(read)
  }

  const read = () => {
    isCalled = false
    while (reading === undefined) {
      const next = reports.shift()
      if (next === undefined) return
      const { repeats, report } = next
      const eventId = report.eventId ?? repeats ?? `r${++ids}`
      note({ _tag: "Reported", eventId, report })
      if (report._tag === "UserTurnStarted") options.spoke()
      const fiber = fork(call!.receive(repeats === undefined ? { ...report, eventId } : report))
      reading = fiber
      fiber.addObserver((exit) => {
        reading = undefined
        if (isClosed) return
        if (Exit.isFailure(exit)) return options.failed(exit)
        note({ _tag: "Taken", eventId })
        options.taken()
        wake()
      })
    }
  }

  const take = (incoming: Incoming) => {
    if (isClosed) return
    reports.push(incoming)
    wake()
  }

  return {
    report: (report: Event.Report) => take({ report }),
    repeat: (report: Event.Report, eventId: string | undefined) => take({ report, repeats: eventId ?? "unnamed" }),
    join: (joined: Call.Call) => {
      call = joined
      wake()
    },
    isEmpty: () => reports.length === 0 && reading === undefined,
    close: Effect.suspend(() => {
      isClosed = true
      reports = []
      const fiber = reading
      return fiber === undefined
        ? Effect.void
        : Effect.callback<void>((resume) => {
            fiber.addObserver(() => resume(Effect.void))
            fiber.interruptUnsafe()
          })
    })
  }
}
