import { Agent, AsyncAgent, Event } from "@antiphon/core"

const weather = (signal: AsyncAgent.Signal) =>
  signal.aborted ? Promise.reject(signal.reason) : Promise.resolve("sunny")

/** An agent without Effect: an async generator. The signal is aborted when the caller speaks over it. */
export const forecaster = Agent.make(
  AsyncAgent.make(async function* (event, _turn, signal) {
    if (event._tag !== "UserTurnEnded") return
    yield Event.sendText("Let me see. ")
    yield Event.sendText(`It is ${await weather(signal)}.`)
  })
)
