/**
 * The laws of turn taking.
 */
import * as Floor from "../../Floor.ts"
import * as Words from "../../floor/internal/words.ts"
import type { Law } from "./floorLaw.ts"

/** Turns are sequential: each begins once, ends before the next, and is resumed only until its reply was heard. */
const turnsAlternate: Law = {
  name: "turns alternate",
  watch: () => {
    let turn = 0
    let phase: "None" | "Started" | "Tentative" | "Ended" | "Final" = "None"
    return {
      see: ({ actions, event, before }) => {
        const isCurrent = "generation" in event && event.generation === before.generation
        if (phase === "Ended" && isCurrent && (event._tag === "AgentHeard" || event._tag === "AgentQuiet"))
          phase = "Final"
        for (const action of actions) {
          if (!("turn" in action) || action._tag === "Hesitated" || action._tag === "Filler") continue
          if (action._tag === "TurnStarted") {
            if (phase === "Started" || phase === "Tentative") return `turn ${action.turn} starts within turn ${turn}`
            if (action.turn <= turn) return `turn ${action.turn} starts after turn ${turn}`
            turn = action.turn
            phase = "Started"
            continue
          }
          if (action.turn !== turn) return `${action._tag} of turn ${action.turn} in turn ${turn}`
          const wrong = `${action._tag} of a turn that is ${phase}`
          switch (action._tag) {
            case "TurnTentative":
              if (phase !== "Started") return wrong
              phase = "Tentative"
              break
            case "TurnCommitted":
              if (phase !== "Tentative") return wrong
              phase = "Ended"
              break
            case "TurnEnded":
              if (phase !== "Started") return wrong
              phase = "Ended"
              break
            case "TurnResumed":
              if (phase !== "Tentative" && phase !== "Ended") return wrong
              phase = "Started"
              break
            case "TurnRevised":
              if (phase !== "Ended") return wrong
              break
            case "TurnAbandoned":
              if (phase !== "Started") return wrong
              phase = "Final"
              break
            default:
              action satisfies never
          }
        }
        return undefined
      },
      end: () => (phase === "Started" || phase === "Tentative" ? `turn ${turn} never ends` : undefined)
    }
  }
}

/** Every pause ends, in a resume or a cut, within a bound. */
const pausesEnd: Law = {
  name: "every pause ends in resume or cut within a bound",
  watch: (policy) => {
    let since: number | undefined
    return {
      see: ({ actions, after }) => {
        for (const { _tag } of actions) {
          if (_tag === "Pause") {
            if (since !== undefined) return "paused twice"
            since = after.now
          } else if (_tag === "Resume") {
            if (since === undefined) return "resumed without a pause"
            since = undefined
          } else if (_tag === "Cut") since = undefined
        }
        if ((after.agent === "Paused") !== (since !== undefined)) return `${after.agent}, against what was told`
        return since !== undefined && after.now - since > policy.maxPauseMs ? "paused for too long" : undefined
      },
      end: () => (since === undefined ? undefined : "paused for ever")
    }
  }
}

/** At most one reply is begun early. It is committed with the same words, or retracted. */
const speculationsHold: Law = {
  name: "a speculation is committed with the same text or retracted",
  watch: () => {
    let text: string | undefined
    return {
      see: ({ actions }) => {
        for (const action of actions) {
          switch (action._tag) {
            case "TurnTentative":
              if (text !== undefined) return "two at once"
              text = action.text
              break
            case "TurnCommitted":
              if (text === undefined) return "nothing to commit"
              if (Words.key(text) !== Words.key(action.text)) return `"${action.text}" committed, begun with "${text}"`
              text = undefined
              break
            case "TurnResumed":
              text = undefined
              break
            case "TurnStarted":
            case "TurnEnded":
            case "TurnAbandoned":
              if (text !== undefined) return `${action._tag}, and "${text}" was not retracted`
              break
            case "Pause":
            case "Resume":
            case "Cut":
            case "TurnRevised":
            case "Ignored":
            case "Hesitated":
            case "Reprompt":
            case "Leave":
            case "Filler":
              break
            default:
              action satisfies never
          }
        }
        return undefined
      },
      end: () => (text === undefined ? undefined : `"${text}" stays tentative`)
    }
  }
}

const tally = (into: Map<string, number>, text: string, by = 1): void => {
  for (const word of Words.list(text)) into.set(word, (into.get(word) ?? 0) + by)
}

/** Each final word is reported once: in the last text of one turn, or as ignored. */
const wordsAreTold: Law = {
  name: "no word of a final transcript is lost or told twice",
  watch: () => {
    const finals = new Map<string, number>()
    const partials = new Map<string, number>()
    const ignored = new Map<string, number>()
    const turns = new Map<number, string>()
    let partial = ""
    return {
      see: ({ actions, event }) => {
        if (event._tag === "Transcript" || event._tag === "SttEagerEnd" || event._tag === "SttTurnEnded") {
          const isFinal = event._tag === "SttTurnEnded" || (event._tag === "Transcript" && event.final)
          // A partial that continues repeats the same words; otherwise the earlier words were dropped.
          if (!`${event.text} `.startsWith(`${partial} `)) tally(partials, partial)
          partial = isFinal ? "" : event.text
          if (isFinal) tally(finals, event.text)
        }
        for (const action of actions) {
          if (action._tag === "TurnEnded" || action._tag === "TurnCommitted" || action._tag === "TurnRevised") {
            turns.set(action.turn, action.text)
          } else if (action._tag === "TurnResumed" || action._tag === "TurnAbandoned") turns.delete(action.turn)
          else if (action._tag === "Ignored") tally(ignored, action.text)
        }
        return undefined
      },
      end: () => {
        tally(partials, partial)
        const told = new Map(ignored)
        for (const text of turns.values()) tally(told, text)
        for (const [word, count] of finals) {
          const times = told.get(word) ?? 0
          if (times < count) return `"${word}" is lost`
          if (times > count + (partials.get(word) ?? 0)) return `"${word}" is told twice`
        }
        for (const [word] of told) if (!finals.has(word) && !partials.has(word)) return `"${word}" was never said`
        return undefined
      }
    }
  }
}

/** Generations increase by one with each cut, and late events of a cut generation have no effect. */
const cutsAreFinal: Law = {
  name: "no audio of an old generation follows a cut",
  watch: () => ({
    see: ({ actions, before, event, after }) => {
      let generation = before.generation
      for (const action of actions) {
        if (action._tag === "Cut") {
          if (action.generation !== generation + 1) return `generation ${action.generation} follows ${generation}`
          generation = action.generation
        } else if ("generation" in action && action.generation !== generation) {
          return `${action._tag} of generation ${action.generation}, and ${generation} has the floor`
        }
      }
      if (after.generation !== generation) return "a generation without a cut"
      const isStale = "generation" in event && event.generation < before.generation
      if (isStale && actions.length === 0 && after.agent !== before.agent) return `${event._tag} of what was cut`
      return undefined
    }
  })
}

/** A turn without a word never runs the agent. */
const turnsHaveWords: Law = {
  name: "a turn with no word never runs the agent",
  watch: () => ({
    see: ({ actions }) => {
      for (const action of actions) {
        if (action._tag !== "TurnTentative" && action._tag !== "TurnCommitted" && action._tag !== "TurnEnded") continue
        if (Words.key(action.text) === "") return `${action._tag} with "${action.text}"`
      }
      return undefined
    }
  })
}

/** Due times lie ahead. */
const dueAdvances: Law = {
  name: "due strictly advances",
  watch: () => ({
    see: ({ after, due }) =>
      due === undefined || due > after.now ? undefined : `due at ${due}, and it is ${after.now}`
  })
}

/** The silent user is prompted, and the call ended, only while both sides are silent and no tool works. */
const silenceIsSilent: Law = {
  name: "the silent caller is never asked while a tool runs or somebody speaks",
  watch: (policy) => ({
    see: ({ actions, after }) => {
      for (const action of actions) {
        if (action._tag === "Reprompt" && action.n > policy.prompts) return `asked for the ${action.n}-th time`
        if (action._tag !== "Reprompt" && action._tag !== "Leave") continue
        if (after.toolsRunning) return `${action._tag} while a tool runs`
        if (Floor.user(after) !== "Silent") return `${action._tag} while the user is ${Floor.user(after)}`
        if (after.agent !== "Quiet") return `${action._tag} while the agent is ${after.agent}`
      }
      return undefined
    }
  })
}

/** A new word that is more than a backchannel takes the floor from an interruptible agent. */
const wordsTakeTheFloor: Law = {
  name: "a word takes the floor",
  watch: (policy) => {
    const known = new Set<string>()
    return {
      see: ({ event, before, after }) => {
        const isText = event._tag === "Transcript" || event._tag === "SttEagerEnd" || event._tag === "SttTurnEnded"
        if (!isText || policy.minWords > 1) return undefined
        const news = Words.list(event.text).filter((word) => !known.has(word))
        for (const word of news) known.add(word)
        const speaks = before.agent === "Speaking" || before.agent === "Paused"
        if (!speaks || before.generation !== after.generation) return undefined
        const wanted = news.find((word) => !Words.areOnly([word], policy.backchannels) && /^w\d/.test(word))
        return wanted === undefined ? undefined : `"${wanted}" was said, and the agent is ${after.agent}`
      }
    }
  }
}

/** The floor is a pure function: the same event in the same state has the same effect. */
const sameTrace: Law = {
  name: "the same trace gives the same actions",
  watch: (policy, { step }) => {
    let seen = 0
    return {
      see: ({ before, event, actions, after }) => {
        // Repeats some steps on a deep copy.
        if (seen++ % 32 !== 7) return undefined
        const [again, same] = step(structuredClone(before), structuredClone(event), policy)
        if (JSON.stringify(same) !== JSON.stringify(actions)) return `${JSON.stringify(same)} at the second time`
        return JSON.stringify(again) === JSON.stringify(after) ? undefined : "another state at the second time"
      }
    }
  }
}

/** All laws. */
export const laws: ReadonlyArray<Law> = [
  turnsAlternate,
  pausesEnd,
  speculationsHold,
  wordsAreTold,
  cutsAreFinal,
  turnsHaveWords,
  dueAdvances,
  silenceIsSilent,
  wordsTakeTheFloor,
  sameTrace
]
