/**
 * The harness of a call that is played: the line that carries it, what was reported and is not read yet, and who hung up.
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Call from "../../../Call.ts"
import type * as Event from "../../../Event.ts"
import type { Line } from "../../TestCall.ts"
import type * as Timeline from "../../Timeline.ts"
import type * as Observation from "../time/observation.ts"
import * as Voice from "./voice.ts"
import * as Words from "./words.ts"
import type { Cancel, World } from "../time/world.ts"

export interface Stage {
  readonly harness: Call.Harness
  /** Has the harness report something. The call reads one report after the other. */
  readonly report: (report: Event.Report) => void
  /** Has it report the same as on a recorded call, where the event was called so, if that is known. */
  readonly repeat: (report: Event.Report, eventId: string | undefined) => void
  /** Lets the call read what is reported. */
  readonly join: (call: Call.Call) => void
  /** Nothing is reported and spoken any more. */
  readonly close: Effect.Effect<void>
  readonly hangUp: (by: Timeline.HungUpBy, reason?: string) => void
  /** The call is told of its end now. */
  readonly told: Effect.Effect<void>
  readonly hungUp: () => Timeline.HungUpBy | undefined
  /** Waits until somebody has hung up. */
  readonly over: Effect.Effect<void>
  /** Waits until something is so, and nothing can happen at this moment that changes it. */
  readonly until: (holds: () => boolean) => Effect.Effect<void>
  /** Told of each happening that is noted. */
  readonly noted: (happening: Timeline.Happening) => void
  readonly agentSpeaks: () => boolean
  readonly lastHeardAt: () => number
  /** The words that were heard since the caller last spoke. */
  readonly wordsHeard: () => number
  readonly heard: () => string
  readonly callerSpoke: () => void
  /** Whether the agent has said all, and nothing runs that could say more. Background work does not count. */
  readonly isIdle: () => boolean
}

export const make = (options: {
  readonly line: Line
  readonly world: World
  readonly context: Context.Context<never>
  readonly observation: Observation.Observation
  readonly now: () => number
}): Stage => {
  const { line, now, observation, world } = options
  const { note } = observation
  const over = Deferred.makeUnsafe<void>()
  const turns = makeTurns()
  let hungUp: Timeline.HungUpBy | undefined
  let heard = { text: "", turn: 0, words: 0 }
  let lastHeardAt = 0
  let sends = 0
  /** Whether the call knows that it is over. */
  let told = false

  const hangUp: Stage["hangUp"] = (by, reason) => {
    if (hungUp !== undefined) return
    hungUp = by
    note({ _tag: "HungUp", by, reason })
    voice.stop()
    Deferred.doneUnsafe(over, Exit.void)
  }
  const waiting = makeWaiting(world)
  const inbox = makeInbox({
    world,
    note,
    fork: Effect.runForkWith(options.context),
    spoke: () => voice.interrupt(),
    taken: waiting.look,
    failed: (exit) => Deferred.doneUnsafe(over, exit)
  })
  const voice = Voice.make({
    world,
    wordMs: wordMs(line.wordsPerMinute ?? 160),
    firstSoundMs: Duration.toMillis(line.firstSound ?? 0),
    reports: (word) => (line.loses?.(word) === true ? undefined : (line.distorts?.(word) ?? word.text)),
    report: inbox.report,
    note,
    isOver: (turn) => !turns.mayRun(turn),
    changed: waiting.look
  })

  const isRecorded = () => line.isRecorded?.(turns.last()) === true

  const carry = (output: Event.Output, turn: number) => {
    // What is sent before the call knows that the caller has gone is lost; what is sent after that is to be seen.
    if (hungUp !== undefined && !told) return
    note({ _tag: "Sent", turn, output })
    if (hungUp !== undefined || isRecorded()) return
    if (output._tag === "AgentSendText") voice.say(output.text, turn, output.interruptible !== false)
    else if (output._tag === "AgentEndCall")
      voice.afterwards(() => hangUp("agent", output.reason), output.interruptible !== false)
    else if (output._tag === "AgentTransferCall")
      voice.afterwards(() => hangUp("transfer", output.targetPhoneNumber), output.interruptible !== false)
  }

  const harness: Call.Harness = {
    send: (outputs) =>
      Effect.withFiber((fiber) => {
        const turn = observation.turnOf(fiber)
        const take = Effect.sync(() => {
          for (const output of outputs) carry(output, turn)
        })
        const delay = Duration.toMillis(line.sendDelay?.(sends++) ?? 0)
        if (delay === 0) return take
        note({ _tag: "Sending", turn })
        const late = Effect.suspend(() => (hungUp === undefined ? take : Effect.void))
        return Effect.andThen(Effect.sleep(delay), late)
      }),
    fail: (error) =>
      Effect.sync(() => {
        note({ _tag: "CallFailed", error })
        told = true
        if (!isRecorded()) hangUp("failure", error.message)
      })
  }

  return {
    harness,
    report: inbox.report,
    repeat: inbox.repeat,
    join: inbox.join,
    close: Effect.suspend(() => {
      voice.stop()
      return inbox.close
    }),
    hangUp,
    hungUp: () => hungUp,
    told: Effect.sync(() => {
      told = true
    }),
    over: Deferred.await(over),
    until: waiting.until,
    noted: (happening) => {
      if (happening._tag === "Spoken") {
        heard = { text: Words.join(heard, happening), turn: happening.turn, words: heard.words + 1 }
        lastHeardAt = now()
      }
      if (!turns.follow(happening)) return
      voice.turnOver()
      waiting.look()
    },
    agentSpeaks: voice.speaks,
    lastHeardAt: () => lastHeardAt,
    wordsHeard: () => heard.words,
    heard: () => heard.text,
    callerSpoke: () => {
      heard = { text: "", turn: heard.turn, words: 0 }
    },
    isIdle: () => inbox.isEmpty() && voice.isSilent() && turns.isQuiet()
  }
}

/** How long a word takes. In whole milliseconds, so that what happens on a call has times that can be written down. */
export const wordMs = (wordsPerMinute: number): number => {
  if (!(wordsPerMinute > 0)) throw new RangeError(`words per minute must be more than 0, and not ${wordsPerMinute}`)
  const exact = 60_000 / wordsPerMinute
  return exact < 1 ? exact : Math.round(exact)
}

interface Incoming {
  readonly report: Event.Report
  /** Where it is reported as it was on a recorded call: what the event was called there. */
  readonly repeats?: string
}

/** Hands reports to the call one after the other, after what goes on when they come. */
const makeInbox = (options: {
  readonly world: World
  readonly note: (happening: Timeline.Happening) => void
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Told when the caller begins to speak. */
  readonly spoke: () => void
  /** Told when the call has taken a report. */
  readonly taken: () => void
  readonly failed: (exit: Exit.Exit<void>) => void
}) => {
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

/** Those who wait until something is so. It is looked at when something has changed, and again at the end of the moment. */
const makeWaiting = (world: World) => {
  const waiters = new Set<() => void>()
  return {
    look: () => {
      for (const look of waiters) look()
    },
    until: (holds: () => boolean) =>
      Effect.callback<void>((resume) => {
        let cancel: Cancel | undefined
        const look = () => {
          if (cancel !== undefined || !holds()) return
          cancel = world.whenOver(() => {
            cancel = undefined
            if (!holds()) return
            waiters.delete(look)
            resume(Effect.void)
          })
        }
        waiters.add(look)
        look()
        return Effect.sync(() => {
          waiters.delete(look)
          cancel?.()
        })
      })
  }
}

/** Follows which turn can still say something, and whether one is to start. */
const makeTurns = () => {
  let running: number | undefined
  let regions = 0
  let wanted = false
  let last = 0
  return {
    /** The turn that has started last. */
    last: () => last,
    mayRun: (turn: number) => running === turn,
    isQuiet: () => running === undefined && !wanted,
    /** Says whether it has changed something. */
    follow: (happening: Timeline.Happening): boolean => {
      switch (happening._tag) {
        case "Decided":
          if (happening.decision === "Keep") return false
          wanted = happening.decision === "Run"
          // One that is stopped only cleans up, but for what must not be interrupted.
          if (regions === 0) running = undefined
          return true
        case "TurnStarted":
          wanted = false
          regions = 0
          last = running = happening.turn
          return false
        case "RegionEntered":
          regions++
          return false
        case "RegionLeft":
          regions--
          return true
        case "TurnOver":
          if (running === happening.turn) running = undefined
          return true
        default:
          return false
      }
    }
  }
}
