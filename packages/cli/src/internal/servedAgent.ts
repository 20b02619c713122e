/** Loads the agent of a module with its model, for `dev`, `start`, `chat` and `call`. */
import * as Agent from "@antiphon/core/Agent"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as AgentModule from "./agentModule.ts"
import type { CliError } from "../CliError.ts"

/** An agent, and the layer of its model. `model` is the name to show. */
export interface ServedAgent {
  readonly agent: Agent.Factory<unknown, never, LanguageModel.LanguageModel>
  readonly model: string
  readonly layer: Layer.Layer<LanguageModel.LanguageModel, unknown>
}

/** The arguments that select the agent and its model. */
export const params = {
  agent: Argument.String("agent").pipe(
    Argument.withDescription("Module whose default export is the agent; its export `model` may be a Layer of the model")
  ),
  model: Flag.String("model").pipe(
    Flag.withDescription("Model instead of the module's own, such as openai/gpt-4.1-mini; demo is the embedded one"),
    Flag.optional
  )
}

/**
 * Loads an agent. Its model is taken from the flag, or else from the module, or else it is one whose key is in the
 * environment.
 */
export const load = (input: {
  readonly agent: string
  readonly model: Option.Option<string>
}): Effect.Effect<ServedAgent, CliError | Config.ConfigError> =>
  Effect.gen(function* () {
    const module = yield* AgentModule.load(input.agent)
    const agent = Agent.from(module.agent as Agent.Made<unknown, never, LanguageModel.LanguageModel>)
    if (Option.isSome(input.model)) {
      const name = input.model.value
      return { agent, model: name, layer: DefaultModel.only(name) }
    }
    if (module.model !== undefined) return { agent, model: "of the module", layer: module.model }
    const name = yield* DefaultModel.chosen
    return { agent, model: name, layer: DefaultModel.layer(name) }
  })
