/**
 * Who is speaking on a call, and which text was sent but not heard yet: according to the reports, and according to the
 * phone.
 */
import type * as Event from "../../../Event.ts"
import type { Entry } from "../time/happening.ts"

export interface Speech {
  /** According to the reports. */
  readonly user: boolean
  readonly agent: boolean
  /** Whether the harness has ever reported that the agent speaks. */
  readonly reportsSpeech: boolean
  /** Number of characters that each turn has sent, neither spoken nor dropped yet. */
  readonly unspoken: ReadonlyMap<number, number>
  /** The part of them that a slow harness has not accepted yet. */
  readonly inFlight: ReadonlyMap<number, number>
  /** Words reported as spoken but not read yet, in order. */
  readonly untold: ReadonlyArray<string>
  /** Whether the harness has reported exactly the speech of its phone, without delay or change. */
  readonly honest: boolean
}

export const silent: Speech = {
  user: false,
  agent: false,
  reportsSpeech: false,
  unspoken: new Map(),
  inFlight: new Map(),
  untold: [],
  honest: true
}

const length = (text: string): number => text.replace(/\s+/gu, "").length
const bare = (text: string): string => text.replace(/\s+/gu, "")

/** Whether anyone is speaking, according to the reports. */
export const isTalking = ({ agent, user }: Speech): boolean => user || agent

/** Number of characters sent by turns and not heard yet. */
export const pending = ({ unspoken }: Speech, counts: (turn: number) => boolean): number =>
  [...unspoken].reduce((sum, [turn, left]) => (counts(turn) ? sum + left : sum), 0)

/** Whether all reports of spoken words have arrived. */
const isTold = ({ untold }: Speech): boolean => untold.length === 0

/** Updates the state with a happening. */
export const follow = (speech: Speech, entry: Entry): Speech => {
  switch (entry._tag) {
    case "Sending":
      return sending(
        speech,
        entry.turn,
        entry.outputs.reduce((sum, output) => sum + lengthOf(output), 0)
      )
    case "Sent": {
      const arrived = Math.min(speech.inFlight.get(entry.turn) ?? 0, lengthOf(entry.output))
      return sending(add(speech, entry.turn, lengthOf(entry.output)), entry.turn, -arrived)
    }
    case "Unspoken":
      return add(speech, entry.turn, -length(entry.text))
    case "Spoken": {
      const { reported, text, turn } = entry
      const spoken = add(speech, turn, -length(text))
      return {
        ...spoken,
        honest: spoken.honest && reported === bare(text),
        untold: reported === undefined ? spoken.untold : [...spoken.untold, reported]
      }
    }
    case "Reported":
      return reported(speech, entry)
    default:
      return speech
  }
}

const lengthOf = (output: Event.Output): number => (output._tag === "AgentSendText" ? length(output.text) : 0)

const sending = (speech: Speech, turn: number, by: number): Speech => {
  if (by === 0) return speech
  const inFlight = new Map(speech.inFlight)
  inFlight.set(turn, (inFlight.get(turn) ?? 0) + by)
  return add({ ...speech, inFlight }, turn, by)
}

const add = (speech: Speech, turn: number, by: number): Speech => {
  const left = (speech.unspoken.get(turn) ?? 0) + by
  const unspoken = new Map(speech.unspoken)
  if (left > 0) unspoken.set(turn, left)
  else unspoken.delete(turn)
  return { ...speech, unspoken }
}

const reported = (speech: Speech, { report }: Extract<Entry, { readonly _tag: "Reported" }>): Speech => {
  switch (report._tag) {
    case "UserTurnStarted":
      return { ...speech, user: true }
    case "UserTurnEnded":
      return report.tentative === true ? speech : { ...speech, user: false }
    case "UserTurnCommitted":
    case "UserTurnAbandoned":
    case "UserTurnRevised":
    case "UserTurnWithdrawn":
    case "UserSilent":
      return { ...speech, user: false }
    case "AgentTurnStarted":
      return {
        ...speech,
        agent: true,
        reportsSpeech: true,
        honest: speech.honest && !speech.agent && pending(speech, () => true) > 0
      }
    case "AgentTurnEnded":
      return {
        ...speech,
        agent: false,
        honest: speech.honest && speech.agent && isTold(speech) && pending(speech, () => true) === 0
      }
    case "AgentTextSent": {
      const [first, ...untold] = speech.untold
      return { ...speech, untold, honest: speech.honest && first === report.content && untold.length === 0 }
    }
    case "UserTextSent":
    case "UserDtmfSent":
    case "UserTurnResumed":
    case "UserCustomSent":
    case "AgentDtmfSent":
      return speech
    default:
      return report satisfies never
  }
}
