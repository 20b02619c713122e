/**
 * The harness of a call that is played: the phone that carries it, what was reported and is not read yet, and who hung up.
 */
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
  /** Has the harness report something. The call reads one report after the other. */
  readonly report: (report: Event.Report) => void
  /** Has it report the same as on a recorded call, where the event was called so, if that is known. */
  readonly repeat: (report: Event.Report, eventId: string | undefined) => void
  /** Lets the call read what is reported. */
  readonly join: (call: Call.Call) => void
  /** Nothing is reported and spoken any more. */
  readonly close: Effect.Effect<void>
  readonly hangUp: (by: HungUpBy, reason?: string) => void
  /** The call is told of its end now. */
  readonly told: Effect.Effect<void>
  readonly hungUp: () => HungUpBy | undefined
  /** Waits until somebody has hung up. */
  readonly over: Effect.Effect<void>
  /** Waits until something is so, and nothing can happen at this moment that changes it. */
  readonly until: (holds: () => boolean) => Effect.Effect<void>
  /** Told of each happening that is noted. */
  readonly noted: (happening: Happening) => void
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
    // What is sent before the call knows that the caller has gone is lost; what is sent after that is to be seen.
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

  /** The turn that has sent something: it may do so from a fiber beside its own. 0 for what the call says by itself. */
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
