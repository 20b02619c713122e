/**
 * Who is speaking on a call, as far as the harness has reported, and whether anything can be heard right now.
 *
 * Text that was sent but not heard yet counts as speech, because the caller is about to hear it. If a harness has not
 * reported any of the agent's speech some time after the first text was sent, it counts as mute.
 */
import type * as Event from "../../Event.ts"

export interface Floor {
  readonly user: boolean
  readonly agent: boolean
  /** Whether the harness has ever reported that the agent speaks. */
  readonly reports: boolean
  /** Whether the first report of speech is overdue. */
  readonly mute: boolean
}

export const silent: Floor = { user: false, agent: false, reports: false, mute: false }

/** Applies an event. */
export const step = (floor: Floor, event: Event.Input): Floor => {
  switch (event._tag) {
    case "UserTurnStarted":
      return floor.user ? floor : { ...floor, user: true }
    case "UserTurnEnded":
    case "UserTurnAbandoned":
    case "UserSilent":
      return floor.user ? { ...floor, user: false } : floor
    case "AgentTurnStarted":
      return { ...floor, agent: true, reports: true, mute: false }
    case "AgentTextSent":
      return floor.reports ? floor : { ...floor, reports: true, mute: false }
    case "AgentTurnEnded":
      return floor.agent ? { ...floor, agent: false } : floor
    case "CallStarted":
    case "CallEnded":
    case "UserTextSent":
    case "UserDtmfSent":
    case "UserCustomSent":
    case "AgentDtmfSent":
    case "AgentHandedOff":
    case "BackgroundReturned":
    case "TurnFailed":
    case "AnswerOverdue":
      return floor
    default:
      return event satisfies never
  }
}

/** Marks the first report of speech as overdue. */
export const waitedInVain = (floor: Floor): Floor => (floor.reports ? floor : { ...floor, mute: true })

/** Whether nobody is speaking, and everything that was said has been heard. */
export const isQuiet = (floor: Floor, pending: boolean): boolean =>
  !floor.user && !floor.agent && !(pending && !floor.mute)
