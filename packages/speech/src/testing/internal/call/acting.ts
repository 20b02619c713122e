/** Performs the script of a caller: speaks into the microphone, presses keys, waits for heard words. */
import type * as CoreCaller from "@antiphon/core/testing/Caller"
import * as Chance from "@antiphon/core/testing/Chance"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Caller from "../../Caller.ts"
import * as CallerVoice from "../../CallerVoice.ts"
import type * as TestLine from "../../TestLine.ts"
import type { Minutes } from "./minutes.ts"
import type { Mouth } from "./mouth.ts"

/** How often a wait checks its condition: once per frame. */
const lookMs = 20
/** How long a caller with nothing more to say listens to an agent that continues. */
const lastPatience = "2 minutes"

export interface Acting {
  /** Performs the steps, listens until the agent has finished, and hangs up. */
  readonly follow: (script: ReadonlyArray<Caller.Step>) => Effect.Effect<void>
  /** The steps that were not completed. */
  readonly left: () => ReadonlyArray<Caller.Step>
}

/** Whether a step is one of core's. */
export const isCore = (step: Caller.Step): step is CoreCaller.Step =>
  !["Coughs", "Sounds", "SaysBeside", "Talks", "Types"].includes(step._tag)

export const make = (options: {
  readonly line: TestLine.TestLine
  readonly mouth: Mouth
  readonly minutes: Minutes
  readonly voice: CallerVoice.CallerVoice
  readonly chanceSeed: number
  /** Whether audio of either side is still on its way. */
  readonly isBusy: () => boolean
}): Acting => {
  const { line, minutes, mouth, voice } = options
  const chance = Chance.make(options.chanceSeed).split("coughs")
  let left: ReadonlyArray<Caller.Step> = []

  const until = (holds: () => boolean): Effect.Effect<void> => {
    const look: Effect.Effect<void> = Effect.suspend(() =>
      holds() ? Effect.void : Effect.andThen(Effect.sleep(lookMs), look)
    )
    return Effect.andThen(VirtualTime.settled, look)
  }
  const isIdle = () => !options.isBusy() && minutes.isQuiet()
  const agentSpeaks = () => line.isPlaying()

  /** Makes a sound, and adds it to the timeline when it is over or was cut short. */
  const sound = (said: CallerVoice.Said, text: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const from = minutes.now()
      const { to, words } = mouth.add(from, said.samples, said.words)
      const noted = Effect.sync(() => {
        const heard = words.filter((word) => word.to <= minutes.now() + 1)
        const words_ = heard.length === words.length ? text : heard.map((word) => word.text).join(" ")
        if (words_ !== "" || words.length === 0) minutes.note({ _tag: "Said", from, text: words_ })
        minutes.callerSpoke()
      })
      return Effect.ensuring(Effect.sleep(to - from), noted)
    })

  const leave = (how: "hangUp" | "break"): Effect.Effect<never> =>
    Effect.andThen(
      VirtualTime.settled,
      Effect.suspend(() => {
        minutes.hangsUp(how === "hangUp" ? "caller" : "connection", undefined)
        line.end(how)
        return Effect.never
      })
    )

  const take = (step: Caller.Step): Effect.Effect<unknown, never, never> => {
    switch (step._tag) {
      case "Says":
        return sound(voice.say(step.text, step.wordsPerMinute), step.text)
      case "SaysBeside":
        return Effect.forkDetach(Effect.delay(sound(voice.say(step.text, step.wordsPerMinute), step.text), step.after))
      case "Coughs":
        return sound({ samples: CallerVoice.cough(chance), words: [] }, "(coughs)")
      case "Sounds": {
        const text =
          step.sound.words.length === 0 ? `(${step.name})` : step.sound.words.map(({ text }) => text).join(" ")
        const made = sound(step.sound, text)
        return step.beside ? Effect.forkDetach(made) : made
      }
      case "Talks":
        return Effect.sync(() => line.bring({ _tag: "Talk", isPressed: step.isPressed }))
      case "Types":
        return Effect.sync(() => line.bring({ _tag: "Text", text: step.text }))
      case "Presses":
        return Effect.forEach(
          Array.from(step.keys),
          (button, index) =>
            Effect.delay(
              Effect.sync(() => line.bring({ _tag: "Dtmf", button })),
              index === 0 ? 0 : step.every
            ),
          { discard: true }
        )
      case "Pauses":
        return Effect.sleep(step.ms)
      case "WaitsUntil":
        return Effect.suspend(() => Effect.sleep(Math.max(0, step.at - minutes.now())))
      case "Hears":
        return until(
          () =>
            (step.words === 0 ? agentSpeaks() : minutes.wordsHeard() >= step.words) || (step.orAll === true && isIdle())
        )
      case "HearsText":
        return until(() => isIn(minutes.heardText(), step.text))
      case "Listens":
        return step.atMost === Infinity ? until(isIdle) : Effect.timeoutOption(until(isIdle), step.atMost)
      case "Sends":
        return Effect.sync(() => line.bring({ _tag: "Custom", metadata: step.metadata }))
      case "Reports":
      case "Repeats":
        return Effect.die(new Error(`A line carries audio, and no reports such as ${step.report._tag}.`))
      case "HangsUp":
        return leave("hangUp")
      case "LosesConnection":
        return leave("break")
      default:
        return step satisfies never
    }
  }

  /** Listens until the agent has finished. A caller who has just spoken waits for an answer first. */
  const hearOut = Effect.gen(function* () {
    let heardAt = -1
    while (heardAt !== minutes.lastHeardAt()) {
      heardAt = minutes.lastHeardAt()
      const isOver = yield* Effect.timeoutOption(until(isIdle), lastPatience)
      if (Option.isNone(isOver)) return
      yield* Effect.sleep(lookMs)
    }
  })

  return {
    left: () => left,
    follow: (script) =>
      Effect.gen(function* () {
        for (const [index, step] of script.entries()) {
          left = script.slice(index)
          yield* take(step)
        }
        left = []
        yield* hearOut
        yield* leave("hangUp")
      })
  }
}

const isIn = (text: string, words: string | RegExp): boolean =>
  typeof words === "string"
    ? text.includes(words)
    : new RegExp(words.source, words.flags.replace(/[gy]/gu, "")).test(text)
