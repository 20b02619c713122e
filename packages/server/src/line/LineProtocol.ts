/**
 * Cartesia's Line wire as a protocol: a start message, then messages both ways. Error messages and close codes are
 * those of Line 0.2.17. `Wire` reads and writes the messages.
 *
 * @since 0.1.0
 */
import type * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Ending } from "../Ending.ts"
import * as Admission from "../internal/admission.ts"
import * as Protocol from "../Protocol.ts"
import * as Opening from "./internal/opening.ts"
import * as Wire from "./Wire.ts"

/** The state of a call: waiting for its start message, open, or ended by a message. */
export type State = "Opening" | "Open" | "Over"

/** Line's platform performs an action only once earlier speech has been spoken, and reports words as they are heard. */
const capabilities: Protocol.Capabilities = {
  heard: "words",
  unasked: "anytime",
  sequencesActions: true,
  dtmf: { in: true, out: true },
  transfer: true,
  hangUp: true
}

const nothing: ReadonlyArray<Protocol.Wanted> = []
const end = (ending: Ending): Protocol.Step<State> => ["Over", [{ _tag: "End", ending }]]

const started = (frame: string | Uint8Array): Protocol.Step<State> =>
  Result.match(Opening.decodeStart(frame), {
    onSuccess: (request): Protocol.Step<State> => ["Open", [{ _tag: "Start", request }]],
    onFailure: ({ message }) => end(Ending.StartFailed({ message }))
  })

const received = (frame: string | Uint8Array): Protocol.Step<State> => {
  if (typeof frame !== "string") return end(Ending.Binary())
  const message = Wire.decode(frame)
  switch (message._tag) {
    case "Report":
      return ["Open", [{ _tag: "Report", report: message.report }]]
    case "Dropped":
      return ["Open", [{ _tag: "Dropped", reason: message.reason }]]
    case "Malformed":
      return end(Ending.Malformed({ message: message.reason }))
  }
}

/** Metrics of Antiphon's own. They are recorded like all outputs, but Line's platform does not expect them. */
const ownMetrics: ReadonlySet<string> = new Set(["llm_usage", "llm_call_usage"])

const isOfLine = (output: Event.Output): boolean => output._tag !== "LogMetric" || !ownMetrics.has(output.name)

const stepper =
  (sends: (output: Event.Output) => boolean) =>
  (state: State, told: Protocol.Told): Protocol.Step<State> => {
    switch (told._tag) {
      case "Frame":
        return state === "Opening" ? started(told.frame) : state === "Open" ? received(told.frame) : [state, nothing]
      case "Outputs":
        return [state, told.outputs.filter(sends).map((output) => ({ _tag: "Send", text: Wire.encode(output) }))]
      case "Ending":
        return ["Over", lastWords(told)]
      case "Request":
      case "ReplyClosed":
      case "Started":
      case "Reported":
      case "TurnStarted":
      case "TurnEnded":
      case "Tick":
        return [state, nothing]
    }
  }

const loop = "Error in websocket loop (likely message processing)"

interface Answer {
  /** Content of the error message to the platform, if there is one. */
  readonly error?: string
  readonly code: number
}

/** What the platform is told about an ending. Prefixes and close codes are Line's, if Line has the case. */
const answer = (ending: Ending, detail: string): Answer =>
  Ending.$match(ending, {
    PeerClosed: (): Answer => ({ code: 1000 }),
    AgentEnded: () => ({ code: 1000 }),
    StartFailed: ({ message }) => ({ error: `Failed to receive/parse start message: ${message}`, code: 1000 }),
    FactoryFailed: ({ callId }) => ({ error: `Error in get_agent for ${callId}: ${detail}`, code: 1000 }),
    Malformed: ({ message }) => ({ error: `Failed to parse JSON message: ${message}`, code: 1000 }),
    Binary: () => ({ error: `${loop}: binary messages are not supported`, code: 1000 }),
    TooLarge: ({ limit }) => ({ error: `Message too long: the limit is ${limit} bytes`, code: 1009 }),
    Flood: ({ limit, of }) => ({ error: `Too many ${of}: the limit is ${limit} a second`, code: 1008 }),
    Spent: ({ limit }) => ({ error: `Too many bytes: the limit of a call is ${limit}`, code: 1009 }),
    AgentFailed: ({ error }) => ({
      error: `${error.reason === "Turn" ? "Error in agent.process" : loop}: ${detail}`,
      code: 1000
    }),
    Stalled: () => ({ code: 1008 }),
    Idle: () => ({ error: "Nothing was received for too long", code: 1000 }),
    Overlong: () => ({ error: "The call has lasted too long", code: 1000 }),
    Starved: () => ({ error: "The call uses too much memory", code: 1009 }),
    Unrecorded: () => ({ error: "The call cannot be recorded", code: 1011 }),
    Draining: () => ({ code: 1001 }),
    Full: () => ({ error: "Too many calls", code: 1013 })
  })

const errorMessage = (content: string): string => JSON.stringify({ type: "error", content })

const lastWords = (told: Extract<Protocol.Told, { readonly _tag: "Ending" }>): ReadonlyArray<Protocol.Wanted> => {
  const { code, error } = answer(told.ending, told.detail)
  const close: Protocol.Wanted = { _tag: "Close", code }
  return error === undefined
    ? [close]
    : [{ _tag: "Send", text: errorMessage(`${error} (error id ${told.errorId})`) }, close]
}

/** Differences from Line's protocol. */
export interface Options {
  /**
   * Whether to send the usage of models as metrics, which Line does not have: `llm_usage` after each reply, and
   * `llm_call_usage` at the end. Recordings have them in any case. False by default.
   */
  readonly usageMetrics?: boolean | undefined
}

/** Makes the protocol. `admit` requires the token, and an allowed origin if the request comes from a page. */
export const make = (settings: Admission.Rules, { usageMetrics = false }: Options = {}): Protocol.Protocol<State> => ({
  name: "line",
  capabilities,
  subprotocols: [],
  admit: (request) =>
    Effect.suspend(() => {
      const refusal = Admission.refusal(request, settings)
      return refusal === undefined ? Effect.succeed({ request }) : Effect.fail(new Protocol.Refused(refusal))
    }),
  open: () => ["Opening", nothing],
  step: stepper(usageMetrics ? () => true : isOfLine),
  due: () => undefined
})
