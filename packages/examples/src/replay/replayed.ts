/**
 * The agent that `npm run replay` plays recorded calls against: the assistant of `npm start`, by the same environment.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as RealModel from "@antiphon/llm/testing/RealModel"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "../demo/Assistant.ts"

/** The model that a fork goes on with. Time stands still while a real one answers. */
export const model = Layer.unwrap(
  Effect.map(DefaultModel.chosen, (name) => {
    const chosen = DefaultModel.layer(name)
    return name === DefaultModel.demo ? chosen : RealModel.layer(chosen)
  })
)

export default (request: CallRequest) => Effect.flatMap(DefaultModel.chosen, (name) => Assistant.make(name)(request))
