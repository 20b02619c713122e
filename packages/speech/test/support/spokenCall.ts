/** A call over a test line on virtual time: scripted speech and words, tones for a voice. */
import type * as Event from "@antiphon/core/Event"
import * as Agent from "@antiphon/core/Agent"
import * as EventFilter from "@antiphon/core/EventFilter"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Speech from "../../src/Speech.ts"
import * as SpeechToText from "../../src/SpeechToText.ts"
import * as TestLine from "../../src/testing/TestLine.ts"
import * as TestVoice from "../../src/testing/TestVoice.ts"
import * as TurnDetector from "../../src/TurnDetector.ts"
import * as Vad from "../../src/Vad.ts"

export interface Script extends Omit<TestLine.Options, "length"> {
  readonly length: number
  readonly speech?: ReadonlyArray<Vad.Stretch>
  readonly words?: ReadonlyArray<SpeechToText.ScriptedStep>
  readonly voice?: TestVoice.Options
  readonly options?: Speech.Options
  readonly stt?: SpeechToText.ScriptedOptions
}

export const final = (at: number, text: string): SpeechToText.ScriptedStep => ({ at, event: { _tag: "Final", text } })
export const partial = (at: number, text: string): SpeechToText.ScriptedStep => ({
  at,
  event: { _tag: "Partial", text }
})

/** Plays a call, and returns the line, the events that the agent's filters saw, with their times, and how it ended. */
export const play = <R = never>(agent: Agent.Source<unknown, never, R>, script: Script) =>
  VirtualTime.run(
    Effect.scoped(
      Effect.gen(function* () {
        const events: Array<readonly [at: number, event: Event.Input]> = []
        const line = yield* TestLine.make(script)
        const factory = Agent.from(agent as Agent.AgentSpec)
        const watched = (request: Parameters<typeof factory>[0]) =>
          Effect.map(factory(request), (spec) => ({
            ...spec,
            session: (session: Agent.Session) =>
              Stream.drain(
                Stream.tap(session.events, (event) =>
                  Effect.map(VirtualTime.now, (at) => void events.push([at, event]))
                )
              )
          }))
        const ending = yield* Effect.exit(Speech.run(watched, line.transport, script.options))
        return { line, events, ending }
      })
    ).pipe(
      Effect.provide(
        Layer.mergeAll(
          Vad.scripted(script.speech ?? []),
          SpeechToText.scripted(script.words ?? [], script.stt),
          TestVoice.layer(script.voice),
          TurnDetector.TurnDetector.text()
        )
      )
    )
  )

export const tags = (events: ReadonlyArray<readonly [number, Event.Input]>): ReadonlyArray<string> =>
  events.map(([, event]) => event._tag)

/** All that the agent was told was heard, joined. */
export const heardText = (events: ReadonlyArray<readonly [number, Event.Input]>): ReadonlyArray<string> => {
  const texts = new Map<string, string>()
  for (const [, event] of events) if (event._tag === "AgentTextSent") texts.set(event.eventId, event.content)
  return [...texts.values()]
}
export { EventFilter }
