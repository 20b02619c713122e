/**
 * The agent of `npm start`: tools of every kind, and a specialist that it can hand the call to.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as EventFilter from "@antiphon/core/EventFilter"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as AgentAsHandoff from "@antiphon/llm/tool/AgentAsHandoff"
import * as EndCall from "@antiphon/llm/tool/EndCall"
import * as SendDtmf from "@antiphon/llm/tool/SendDtmf"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const onThePhone =
  "You are on the phone, so what you write is spoken: answer in one to three short sentences, without lists or markup. " +
  "Lines of the user in brackets are events of the call, not words that were said."

const systemPrompt =
  "You are the demo agent of Antiphon, a runtime for voice agents. You can look things up while the talk goes on, tell " +
  "the time, read out a notice that cannot be interrupted, hand over to a specialist for tides, and hang up. " +
  "When you look something up, say so, and go on talking; tell the result when it has come. " +
  "A caller who wants a story gets one of two hundred words, for the sake of interrupting you; asked to go on, go on " +
  "behind the last word that was heard. When the caller presses one, ask a riddle; two is its answer, star sends a " +
  `pound key back, nine hangs up. ${onThePhone}`

const specialistPrompt =
  "You are the specialist for tides, and the call was handed to you. Answer what concerns tides. " +
  `When the caller wants anything else, or is done with you, call hand_back. ${onThePhone}`

/** Time that the lookup needs: long enough to talk about something else. */
const lookupTime = "4 seconds"

const lookUp = VoiceTool.background(
  "look_up",
  {
    description: "Looks a topic up. It takes a while; the result comes later by itself.",
    parameters: { topic: Schema.String.annotate({ description: "What to look up, in a few words" }) }
  },
  ({ topic }) =>
    Effect.delay(
      Effect.succeed(`I have an answer about ${topic}: forty-two. This demo asks nobody, so it always is.`),
      lookupTime
    )
)

const currentTime = VoiceTool.loopback("current_time", { description: "Tells the date and the time, in UTC." }, () =>
  Effect.map(DateTime.now, (now) => {
    const day = DateTime.formatUtc(now, { locale: "en-GB", weekday: "long", day: "numeric", month: "long" })
    return `It is ${timeOf(now)} UTC on ${day}.`
  })
)

const timeOf = (time: DateTime.DateTime): string => DateTime.formatIso(time).slice(11, 16)

const notice =
  "Notice. This part of the call cannot be interrupted. Every word of it is spoken to the end, and the history holds all " +
  "of it as soon as it has begun."

const readNotice = VoiceTool.passthrough(
  "read_notice",
  {
    description: "Reads the notice of the call to the caller, who cannot interrupt it. Say no more after it.",
    interruption: "uninterruptible"
  },
  () =>
    Stream.fromIterable(notice.match(/\S+\s*/g) ?? []).pipe(
      Stream.map((piece) => Event.sendText(piece, { interruptible: false })),
      // The pace of a model: far ahead of the voice that speaks it, and slow enough to be spoken over.
      Stream.tap(() => Effect.sleep("40 millis"))
    )
)

/** Time from one high water to the next, in milliseconds. */
const tide = (12 * 60 + 25) * 60_000
const harbours = ["Brest", "Bristol", "Boston"] as const

const tides = VoiceTool.loopback(
  "tides",
  {
    description: "Tells when the next high water is.",
    parameters: { harbour: Schema.Literals(harbours) }
  },
  ({ harbour }) =>
    Effect.map(DateTime.now, (now) => {
      const offset = (harbours.indexOf(harbour) + 1) * 97 * 60_000
      const next = Math.ceil((DateTime.toEpochMillis(now) - offset) / tide) * tide + offset
      return `The next high water in ${harbour} is at ${timeOf(DateTime.makeUnsafe(next))} UTC, by a made-up table. Do not sail by it.`
    })
)

const specialist = AgentAsHandoff.makeReturning(
  (back) =>
    LlmAgent.make({
      systemPrompt: specialistPrompt,
      introduction: "Hello, this is the specialist for tides. Ask me about Brest, Bristol or Boston, or say “go back”.",
      tools: [back, tides, EndCall.make()],
      describeEvent,
      interruptedMark
    }),
  { name: "transfer_to_specialist", description: "Hands the call to the specialist for tides." }
)

const interruptedMark = "[interrupted]"

/** Puts into words for the model what it would not see by itself. */
const describeEvent = (event: Event.Input): string | undefined => {
  switch (event._tag) {
    case "UserDtmfSent":
      return `[The caller pressed ${event.button}]`
    case "UserTurnEnded":
      return event.content.length === 0 ? "[The caller said nothing]" : undefined
    default:
      return undefined
  }
}

// Keys are answered as they are pressed, so a turn of nothing but keys has had its answer.
const isKeysOnly = (event: Event.InputOf<"UserTurnEnded">) =>
  event.content.length > 0 && event.content.every(({ _tag }) => _tag === "UserDtmfSent")

/** Starts a turn as usual, and for key presses as they come. */
const run = (event: Event.Input): boolean =>
  event._tag === "UserTurnEnded"
    ? !isKeysOnly(event)
    : event._tag === "UserDtmfSent" || EventFilter.standard.run(event) === true

const introduction = (name: string): string =>
  name === DefaultModel.demo
    ? "Hello, this is the Antiphon demo. I am a handful of rules and not a language model, so I need no key. " +
      "Ask me for a story and interrupt me, ask me to look something up, or for a specialist, press a key, or say goodbye."
    : `Hello, this is Antiphon, with the model ${name.replace(/^.*\//, "")}. ` +
      "Ask me for the time, to look something up, for a specialist, or for a story, and talk over me whenever you like."

/** Makes the agent, which says by which model it speaks. */
export const make = (name: string): Agent.Factory<never, never, LanguageModel.LanguageModel> =>
  LlmAgent.make({
    systemPrompt,
    introduction: introduction(name),
    tools: [lookUp, currentTime, readNotice, specialist, SendDtmf.make(), EndCall.make()],
    describeEvent,
    interruptedMark,
    run,
    // Longer than the story, which a lookup may have to wait for.
    backgroundPatience: "3 minutes"
  })
