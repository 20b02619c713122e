/** Takes the pipeline's inputs one after another, and starts the effects of each before the next is looked at. */
import * as Result from "effect/Result"
import * as Pipeline from "./pipeline.ts"
import type * as State from "./state.ts"
import type { Told } from "./told.ts"
import type { Wanted } from "./wanted.ts"

export interface Steps {
  /** The state after the latest step. */
  readonly state: () => State.State
  /** Handles an input; within a step, once that step and its effects are done. */
  readonly tell: (told: Told) => void
}

export const make = (
  initial: State.State,
  clock: () => Parameters<typeof Pipeline.step>[2],
  perform: (wanted: Wanted) => void,
  broke: (defect: unknown) => void
): Steps => {
  let state = initial
  const inbox: Array<Told> = []
  let isStepping = false
  return {
    state: () => state,
    tell: (told) => {
      inbox.push(told)
      if (isStepping) return
      isStepping = true
      const stepped = Result.try(() => {
        for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
          const [after, wanted] = Pipeline.step(state, next, clock())
          state = after
          for (const each of wanted) perform(each)
        }
      })
      isStepping = false
      if (Result.isSuccess(stepped) || state.isOver) return
      state = { ...state, isOver: true }
      broke(stepped.failure)
    }
  }
}
