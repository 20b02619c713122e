/** The rules of the design, in its order and wording, and a check of all of them. */
import type * as Played from "../../Played.ts"
import * as DeadAir from "./deadAir.ts"
import * as Ending from "./ending.ts"
import * as Failures from "./failures.ts"
import * as HeardWords from "./heardWords.ts"
import * as OneTurn from "./oneTurn.ts"
import * as Reading from "./reading.ts"
import * as Regions from "./regions.ts"
import * as Results from "./results.ts"
import * as Rule from "./rule.ts"
import * as Shares from "./shares.ts"
import * as ToolOutcomes from "./toolOutcomes.ts"

/** A property of every call. */
export interface Statement {
  readonly number: number
  readonly sentence: string
  /** Who checks the rule, if `breaches` cannot: it is not visible on a call, or not known to core. */
  readonly checkedBy?: string | undefined
}

/** The rules in words. */
export const statements: ReadonlyArray<Statement> = [
  {
    number: 1,
    sentence:
      "One turn at a time. A new turn starts after the finalizers of the old one have run, or after a bounded grace. Nothing of a cancelled turn reaches the harness or its consumer, and nothing is recorded as sent that was not handed over."
  },
  {
    number: 2,
    sentence:
      "Reading never waits. Barge-in, key presses and hang-up are seen while an old turn cleans up, while a filter thinks, while a factory works."
  },
  {
    number: 3,
    sentence:
      "One outcome per tool call (returned, failed, cancelled, timed out), recorded before the next prompt is built. A tool declares what interruption does to it."
  },
  {
    number: 4,
    sentence: "Every prompt is valid for the provider it goes to, whichever that is; nothing in it is lost or doubled.",
    checkedBy: "PromptRules.check of @antiphon/llm/testing, as one of `also`"
  },
  {
    number: 5,
    sentence:
      "The model sees what was heard: what the harness reported, with the original spacing and emoji, plus text that cannot be interrupted once it has begun. A word that is read out differently costs that word. Where a word was heard is known once, by position, and never guessed again."
  },
  {
    number: 6,
    sentence:
      "An event costs the same however long the call, also for an agent that reads or edits its history at every turn. A report costs what its own length costs.",
    checkedBy: "packages/core/test/rules/cost.test.ts, which counts the work of agents whose own work it knows"
  },
  {
    number: 7,
    sentence:
      "A background result is answered exactly once: it is delivered as one event, and a model that has read it in another turn is not asked about it again. `whenIdle` waits until neither side is speaking and nothing that was said is still unheard; results that wait together start one turn."
  },
  {
    number: 8,
    sentence:
      "When a call ends, it is over. A hang-up stops the running turn at once unless a turn handles `CallEnded`, which gets a bounded grace. No fiber, timer or socket remains."
  },
  {
    number: 9,
    sentence:
      "A failing agent ends its turn, never the call, another call or the process. An unexpected interruption is a failure. An agent that fails on its own failures is stopped. What user code does outside its fiber (a floating promise, a timer, an emitter) is caught at the process boundary."
  },
  {
    number: 10,
    sentence: "Uninterruptible regions finish, within a limit; if one fails, the failure is handled like any other."
  },
  {
    number: 11,
    sentence:
      "No dead air. Every user turn that runs the agent ends in something heard or in a recorded reason. An empty reply, a model that only thinks, a background tool called without a word: the caller hears something within the agent's deadline."
  },
  {
    number: 12,
    sentence:
      "No peer takes more than its share. Processor time, memory, log lines and open sockets of a call, and of a client, are bounded by settings; durations are measured with a monotonic clock."
  }
]

/** The rules that can be checked on a call. */
const checked: ReadonlyArray<Rule.Rule> = [
  OneTurn.rule,
  Reading.rule,
  ToolOutcomes.rule,
  HeardWords.rule,
  Results.rule,
  Ending.rule,
  Failures.rule,
  Regions.rule,
  DeadAir.rule,
  Shares.rule
]

/** Checks the rules on a call. */
export const breaches = (call: Played.Played): ReadonlyArray<Rule.Breach> => Rule.breaches(checked, call)
