import type { Recording } from "@antiphon/core"
import { Caller, Played, Replay } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { Effect } from "effect"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "../demo/Assistant.ts"

const model = () => ScriptedModel.make([ScriptedModel.text("I would rather tell you a joke.")]).layer

/** How a call would have gone on from a turn, had the model said something else and the caller lost patience. */
export const otherwise = (recording: Recording.Recording, turn: number) =>
  Replay.fork(recording, Assistant.make(DefaultModel.demo), {
    turn,
    caller: [Caller.hears(4), Caller.hangsUp]
  }).pipe(Effect.provide(model()), Effect.map(Played.transcript))
