/** The harness of a simulated call: its phone, the unread reports, and who hung up. */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Harness from "../../../Harness.ts"
import type * as Call from "../../../Call.ts"
import type * as Event from "../../../Event.ts"
import type * as Observation from "../time/observation.ts"
import type { Happening, HungUpBy } from "../time/happening.ts"
import * as Waiting from "../time/waiting.ts"
import type { World } from "../time/world.ts"
import * as Inbox from "./inbox.ts"
import * as OpenTurn from "./openTurn.ts"
import { type Phone, wordMs } from "./phone.ts"
import * as PhoneVoice from "./phoneVoice.ts"
import * as Words from "./words.ts"

export interface Stage {
  readonly harness: Harness.Harness
  /** Makes the harness send a report. The call reads reports one at a time. */
  readonly report: (report: Event.Report) => void
  /** Makes it send a report of a recorded call, with the recorded id of its event, if known. */
  readonly repeat: (report: Event.Report, eventId: string | undefined) => void
  /** Lets the call read the reports. */
  readonly join: (call: Call.Call) => void
  /** Stops all reports and speech. */
  readonly close: Effect.Effect<void>
  readonly hangUp: (by: HungUpBy, reason?: string) => void
  /** Tells the call about its end. */
  readonly told: Effect.Effect<void>
  readonly hungUp: () => HungUpBy | undefined
  /** Waits until somebody has hung up. */
  readonly over: Effect.Effect<void>
  /** Waits until a condition holds, and nothing else at this moment can change it. */
  readonly until: (holds: () => boolean) => Effect.Effect<void>
  /** Called for each happening. */
  readonly noted: (happening: Happening) => void
  readonly agentSpeaks: () => boolean
  readonly lastHeardAt: () => number
  /** The words that were heard since the caller last spoke. */
  readonly wordsHeard: () => number
  readonly heard: () => string
  readonly callerSpoke: () => void
  /**
   * Whether the agent has said everything, and nothing is running that could say more. Background work does not count.
   */
  readonly isIdle: () => boolean
}

export const make = (options: {
  readonly phone: Phone
  readonly world: World
  readonly context: Context.Context<never>
  readonly observation: Observation.Observation
  readonly now: () => number
}): Stage => {
  const { phone, now, observation, world } = options
  const { note } = observation
  const over = Deferred.makeUnsafe<void>()
  const turns = OpenTurn.make()
  let hungUp: HungUpBy | undefined
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
  const waiting = Waiting.make(world)
  const inbox = Inbox.make({
    world,
    note,
    fork: Effect.runForkWith(options.context),
    spoke: () => voice.interrupt(),
    taken: waiting.look,
    failed: (exit) => Deferred.doneUnsafe(over, exit)
  })
  const voice = PhoneVoice.make({
    world,
    wordMs: wordMs(phone.wordsPerMinute ?? 160),
    firstSoundMs: Duration.toMillis(phone.firstSound ?? 0),
    reports: (word) => (phone.loses?.(word) === true ? undefined : (phone.distorts?.(word) ?? word.text)),
    report: inbox.report,
    note,
    isOver: (turn) => !turns.mayRun(turn),
    changed: waiting.look
  })

  const isRecorded = () => phone.isRecorded?.(turns.last()) === true

  const carry = (output: Event.Output, turn: number) => {
    // Outputs sent before the call knows that the caller has left are lost; outputs sent after that must be visible.
    if (hungUp !== undefined && !told) return
    note({ _tag: "Sent", turn, output })
    if (hungUp !== undefined || isRecorded()) return
    switch (output._tag) {
      case "AgentSendText":
        return voice.say(output.text, turn, output.interruptible !== false)
      case "AgentEndCall":
        return voice.afterwards(() => hangUp("agent", output.reason), output.interruptible !== false)
      case "AgentTransferCall":
        return voice.afterwards(() => hangUp("transfer", output.targetPhoneNumber), output.interruptible !== false)
      case "AgentSendDtmf":
      case "AgentToolCalled":
      case "AgentToolReturned":
      case "AgentUpdateCall":
      case "AgentSendCustom":
      case "LogMetric":
      case "LogMessage":
        return
      default:
        output satisfies never
    }
  }

  /** The turn that sent an output, possibly from another fiber. 0 for words of the call itself. */
  const turnOf = (fiber: Fiber.Fiber<unknown, unknown>, { respondingTo }: Event.Output): number => {
    const turn = observation.turnOf(fiber)
    return turn > 0 || respondingTo !== turns.trigger() ? turn : turns.last()
  }

  const harness: Harness.Harness = {
    send: (outputs) =>
      Effect.withFiber((fiber) => {
        const turn = turnOf(fiber, outputs[0])
        const take = Effect.sync(() => {
          for (const output of outputs) carry(output, turn)
        })
        const delay = Duration.toMillis(phone.sendDelay?.(sends++) ?? 0)
        if (delay === 0) return take
        note({ _tag: "Sending", turn, outputs })
        const late = Effect.suspend(() => (hungUp === undefined ? take : Effect.void))
        return Effect.andThen(Effect.sleep(delay), late)
      }),
    turn: ({ _tag, turn }) => note({ _tag: "TurnTold", turn, change: _tag }),
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
