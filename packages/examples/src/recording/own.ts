import { type Agent, Call, CallRequest, type Event, Recorder } from "@antiphon/core"
import { Effect, Stream } from "effect"

/** Runs a call without a server, and returns its recording as text. */
export const recorded = <E, R>(agent: Agent.AgentSpec<E, R>, reports: Stream.Stream<Event.Report>) =>
  Effect.gen(function* () {
    let text = ""
    const request = CallRequest.make({ callId: "call-1" })
    const recorder = yield* Recorder.make({ request, write: (more) => (text += more) })
    yield* Recorder.provide(Stream.runDrain(Call.run(agent, reports, { request })), recorder)
    return text
  })
