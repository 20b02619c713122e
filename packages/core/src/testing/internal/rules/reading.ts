/** Rule 2: reading never waits, neither for a turn nor for its cleanup. */
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

/** Reports that no filter was asked about yet, with their tags. */
type Unseen = ReadonlyMap<string, string>

export const rule = Rule.make<Unseen>(2, {
  start: new Map(),
  step: (unseen, observation) => {
    if (observation._tag === "Over") return [unseen]
    const { now } = observation
    if (observation._tag === "Passes") {
      // A filter that takes its time holds up what comes behind it.
      if (now.hungUpAt !== undefined || now.deciding.size > 0) return [unseen]
      return [
        unseen,
        ...Rule.unless(now.reading === undefined, `time passes while ${now.reading} is being read`),
        ...[...unseen].map(([id, tag]) => `${id} (${tag}) was not looked at while time passed`)
      ]
    }
    const { before, entry } = observation
    const looked = Situation.lookedAt(before, entry)
    if (looked !== undefined) return [without(unseen, looked.eventId)]
    switch (entry._tag) {
      case "Reported":
        // A report of speech that tells nothing new is no event.
        if (entry.report._tag === "AgentTextSent" || before.hungUpAt !== undefined) return [unseen]
        return [new Map(unseen).set(entry.eventId, entry.report._tag)]
      case "Taken":
        return [
          unseen,
          ...Rule.unless(
            !unseen.has(entry.eventId) || now.deciding.size > 0,
            `${entry.eventId} was taken and not looked at`
          )
        ]
      case "HungUp":
        return [new Map()]
      default:
        return [unseen]
    }
  }
})

const without = (unseen: Unseen, id: string): Unseen => {
  if (!unseen.has(id)) return unseen
  const rest = new Map(unseen)
  rest.delete(id)
  return rest
}
