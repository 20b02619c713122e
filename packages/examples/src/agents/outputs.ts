import { Agent, Event } from "@antiphon/core"
import { Metric, Stream } from "effect"

const greeter = Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText("Call us at 9 a.m.")) }))

const spoken = Metric.counter("app_characters_spoken", { incremental: true })

/** Spells out what a voice would read wrongly. */
const speakable = Agent.mapOutput(greeter, (output) =>
  output._tag === "AgentSendText" ? { ...output, text: output.text.replace("a.m.", "in the morning") } : output
)

/** Counts what is said, and changes nothing. */
export const counted = Agent.observe(speakable, (output) =>
  Metric.update(spoken, output._tag === "AgentSendText" ? output.text.length : 0)
)

/** What was counted so far. */
export const characters = Metric.value(spoken)
