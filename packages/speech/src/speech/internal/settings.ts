/** The settings of a voice call, from its options and from what its line and services can do. */
import * as Duration from "effect/Duration"
import * as FloorPolicy from "../../FloorPolicy.ts"
import * as SpeechText from "../../SpeechText.ts"
import type * as SpeechToText from "../../SpeechToText.ts"
import type { Transport } from "../../Transport.ts"
import type * as TurnDetector from "../../TurnDetector.ts"
import type { Options } from "./options.ts"
import type * as State from "./state.ts"

type Line = Pick<Transport, "capabilities" | "format">

/** A policy that fits the line, the recogniser and the detector. */
export const policyFor = (
  { capabilities }: Line,
  stt: Pick<SpeechToText.SpeechToText["Service"], "capabilities">,
  turns: Pick<TurnDetector.TurnDetector["Service"], "endpointing">
): FloorPolicy.FloorPolicy => ({
  ...(capabilities.echoFree ? FloorPolicy.telephone : FloorPolicy.browser),
  partials: stt.capabilities.partials,
  endpointing: stt.capabilities.turns ? "stt" : turns.endpointing
})

/** The settings of a call, with defaults for missing options. */
export const make = (
  line: Line,
  options: Options,
  policy: FloorPolicy.FloorPolicy,
  tellsSteps: boolean,
  wordTimes = true
): State.Settings => ({
  policy,
  format: line.format,
  report: line.capabilities.heard,
  latencyMs: line.capabilities.latencyMs ?? 0,
  leadMs: millis(options.lead, Math.max(100, 2 * (line.capabilities.messageMs ?? 0))),
  messageMs: line.capabilities.messageMs ?? 0,
  wordTimes,
  aheadMs: millis(options.ahead, 3000),
  clauses: options.clauses ?? {},
  filter: options.filter ?? ((language) => SpeechText.filter(language === undefined ? {} : { language })),
  texts: {
    reprompts: options.texts?.reprompts ?? ["Are you still there?"],
    goodbye: options.texts?.goodbye ?? "I cannot hear you, so I will hang up now. Goodbye.",
    fillers: options.texts?.fillers ?? [],
    deaf: options.texts?.deaf ?? "I am sorry, I cannot hear you at the moment. Please call again later."
  },
  budgetMs: millis(options.budget, 1500),
  exitMs: millis(options.exitLimit, 60_000),
  voiceMs: millis(options.voiceTimeout, 8000),
  voiceAttempts: options.voiceAttempts ?? 3,
  isContinuous: options.background !== undefined,
  tellsSteps
})

/** A duration in milliseconds, or its default. */
export const millis = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))
