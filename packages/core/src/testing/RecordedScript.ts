/**
 * Makes a script from the caller of a recorded call: what they said and pressed, what they heard before, and after how
 * many words they interrupted the agent. Times are not kept.
 *
 * @since 0.1.0
 */
import * as RepeatedCaller from "./internal/replay/repeatedCaller.ts"
import type * as Recording from "../recording/Recording.ts"
import * as Caller from "./Caller.ts"
import type * as Played from "./Played.ts"

/** What to make the script from. */
export interface Options {
  /** Index of the first line, from 0 after the header. */
  readonly from?: number | undefined
  /** A caller who interrupts after some words also speaks if the agent says less. */
  readonly patient?: boolean | undefined
}

/** Shorter pauses are left out, as in any conversation. */
const shortest = 400
/** Pauses are rounded to this. */
const step = 100

const pause = (ms: number): Caller.Step => Caller.pauses(Math.round(ms / step) * step)

const wordsOf = (text: string): number => text.match(/\S+/gu)?.length ?? 0

/** Makes the script. */
export const make = ({ lines }: Pick<Recording.Recording, "lines">, options: Options = {}): Caller.Script => {
  const script: Array<Caller.Step> = []
  const tellsTurns = lines.some((line) => line._tag === "Reported" && line.report._tag === "AgentTurnStarted")
  let [sent, heard] = [0, 0]
  let agentAt = 0
  let callerAt = options.from === undefined ? 0 : (lines[options.from]?.at ?? 0)
  let isSpeaking = false
  let hangsUp = false
  let said: Array<string> | undefined

  /** Waits as the caller did, for the agent or just for a time. */
  const wait = (at: number) => {
    if (tellsTurns ? isSpeaking : heard > 0 && heard < sent) {
      script.push({ _tag: "Hears", words: heard, ...(options.patient === true ? { orAll: true } : {}) })
    } else {
      if (heard > 0) script.push(Caller.listens())
      const silent = at - (heard > 0 ? agentAt : callerAt)
      if (silent >= shortest) script.push(pause(silent))
    }
    sent = heard = 0
    callerAt = at
  }

  for (const line of lines.slice(options.from ?? 0)) {
    const { at } = line
    if (line._tag === "Sent" && line.output._tag === "AgentSendText") sent += wordsOf(line.output.text)
    if (line._tag === "Sent" && (line.output._tag === "AgentEndCall" || line.output._tag === "AgentTransferCall")) {
      hangsUp = true
    }
    if (line._tag === "Happened" && line.event._tag === "CallEnded" && !hangsUp) {
      wait(at)
      script.push(Caller.hangsUp)
    }
    if (line._tag === "CallClosed" && line.how === "CutOff") {
      wait(at)
      script.push(Caller.losesConnection)
    }
    if (line._tag !== "Reported") continue
    const { report } = line
    switch (report._tag) {
      case "UserTurnStarted":
        wait(at)
        said = []
        hangsUp = false
        break
      case "UserTextSent":
        said?.push(report.content)
        break
      case "UserTurnEnded":
        if (said !== undefined && !isKeysOnly(said, script)) script.push(Caller.says(RepeatedCaller.joined(said)))
        said = undefined
        callerAt = at
        break
      case "UserDtmfSent": {
        const last = script.at(-1)
        const every = Math.round((at - callerAt) / step) * step
        if (last?._tag === "Presses" && heard === 0 && every <= 1000) {
          script[script.length - 1] = { ...last, keys: last.keys + report.button }
        } else {
          wait(at)
          script.push(Caller.presses(report.button))
        }
        callerAt = at
        break
      }
      case "UserCustomSent":
        wait(at)
        script.push(Caller.sends(report.metadata))
        break
      case "AgentTurnStarted":
        // The agent spoke again by itself, for example after a background result.
        if (!isSpeaking && heard > 0 && at - agentAt >= shortest) {
          script.push(Caller.listens(), options.patient === true ? pause(at - agentAt) : Caller.hears(0))
        }
        isSpeaking = true
        agentAt = at
        break
      case "AgentTextSent":
        heard += wordsOf(report.content)
        agentAt = at
        break
      case "AgentTurnEnded":
        isSpeaking = false
        agentAt = at
        break
      case "UserTurnCommitted":
      case "UserTurnResumed":
      case "UserTurnAbandoned":
      case "UserTurnRevised":
      case "UserTurnWithdrawn":
      case "UserSilent":
      case "AgentDtmfSent":
        break
      default:
        report satisfies never
    }
  }
  return script
}

/** A turn in which only keys were pressed has no words of its own. */
const isKeysOnly = (said: ReadonlyArray<string>, script: ReadonlyArray<Caller.Step>): boolean =>
  said.length === 0 && script.at(-1)?._tag === "Presses"

/** Who said what on a recorded call, in order; for the agent, what was heard, in its own spelling. */
export const transcript = ({ lines }: Pick<Recording.Recording, "lines">): ReadonlyArray<Played.Utterance> => {
  const said: Array<{ readonly at: number; readonly who: Played.Utterance["who"]; text: string }> = []
  let sent = ""
  let turn: { readonly at: number; readonly texts: Array<string> } | undefined
  let isNew = true
  for (const line of lines) {
    if (line._tag === "Sent" && line.output._tag === "AgentSendText") sent += line.output.text
    if (line._tag === "TurnStarted") isNew = true
    if (line._tag !== "Reported") continue
    const { at, report } = line
    if (report._tag === "UserTurnStarted") turn = { at, texts: [] }
    if (report._tag === "UserTextSent") turn?.texts.push(report.content)
    if (report._tag === "UserTurnEnded" && turn !== undefined && turn.texts.length > 0) {
      said.push({ at: turn.at, who: "caller", text: RepeatedCaller.joined(turn.texts) })
    }
    if (report._tag !== "AgentTextSent") continue
    const [text, rest] = RepeatedCaller.takeHeard(sent, report.content)
    sent = rest
    const last = said.at(-1)
    if (last?.who === "agent" && !isNew) last.text += text
    else said.push({ at, who: "agent", text })
    isNew = false
  }
  return said.map((one) => ({ ...one, text: one.text.trim() }))
}

/** Writes steps as the source code of a script, one per line. */
export const toSource = (script: Caller.Script, indent = ""): string =>
  sources(Caller.steps(script))
    .map((source) => `${indent}${source}`)
    .join(",\n")

const sources = (steps: ReadonlyArray<Caller.Step>): ReadonlyArray<string> => {
  const written: Array<string> = []
  for (let at = 0; at < steps.length; at++) {
    const [one, next] = [steps[at]!, steps[at + 1]]
    if (one._tag === "Hears" && one.words > 0 && next?._tag === "Says") {
      written.push(`Caller.bargesIn(${text(next.text)}, { afterWords: ${one.words} })`)
      at++
    } else if (one._tag === "Hears" && next?._tag === "Says") {
      written.push(`Caller.bargesIn(${text(next.text)}, { after: 0 })`)
      at++
    } else written.push(sourceOf(one))
  }
  return written
}

const text = (value: unknown): string => JSON.stringify(value) ?? "undefined"

const time = (ms: number): string => {
  const seconds = ms / 1000
  return text(Number.isInteger(seconds) ? `${seconds} ${seconds === 1 ? "second" : "seconds"}` : `${ms} millis`)
}

const sourceOf = (step: Caller.Step): string => {
  switch (step._tag) {
    case "Says":
      return `Caller.says(${text(step.text)})`
    case "Presses":
      return `Caller.presses(${text(step.keys)})`
    case "Pauses":
      return `Caller.pauses(${time(step.ms)})`
    case "WaitsUntil":
      return `Caller.waitsUntil(${time(step.at)})`
    case "Hears":
      return `Caller.hears(${step.words})`
    case "HearsText":
      return `Caller.hears(${typeof step.text === "string" ? text(step.text) : String(step.text)})`
    case "Listens":
      return step.atMost === Infinity ? "Caller.listens()" : `Caller.listens({ atMost: ${time(step.atMost)} })`
    case "Sends":
      return `Caller.sends(${text(step.metadata)})`
    case "Reports":
    case "Repeats":
      return `Caller.reports(${text(step.report)})`
    case "HangsUp":
      return "Caller.hangsUp"
    case "LosesConnection":
      return "Caller.losesConnection"
  }
}
