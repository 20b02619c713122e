/** A turn for agents that take no notice of it. */
import { Effect } from "effect"
import * as CallRequest from "../src/CallRequest.ts"
import * as Event from "../src/Event.ts"
import * as History from "../src/History.ts"
import type * as Turn from "../src/Turn.ts"

export const started: Event.Input = Event.Input.cases.CallStarted.make({ eventId: "e1" })

const history = History.make(() => [])

export const quietTurn: Turn.Turn = {
  id: 1,
  trigger: started,
  triggers: [started],
  committed: Effect.void,
  request: CallRequest.make(),
  history,
  currentHistory: Effect.succeed(history),
  background: () => Effect.die("a quiet turn has no background"),
  uninterruptible: (stream) => stream,
  record: () => Effect.void,
  addEntry: () => Effect.die("a quiet turn has no history"),
  updateHistory: () => Effect.die("a quiet turn has no history")
}
