/** Holds back text until a unit of it is complete, and keeps its order among the other outputs. */
import * as Stream from "effect/Stream"
import * as Event from "../../Event.ts"

/** How held text is split into units. */
export interface Units {
  /** Ends of the complete units, in order, as offsets in `held` followed by `added`. */
  readonly ends: (held: string, added: string) => ReadonlyArray<number>
  /** Whether an output waits behind the held text. Otherwise it flushes the text, complete or not, and follows it. */
  readonly waits: (output: Event.Output) => boolean
}

/** The held text, and the outputs waiting behind it. Without text there are no waiting outputs. */
export interface HeldText {
  readonly text: string
  readonly interruptible: boolean
  readonly respondingTo: string | undefined
  readonly behind: ReadonlyArray<Event.Output>
}

export const empty: HeldText = { text: "", interruptible: true, respondingTo: undefined, behind: [] }

const unit = (
  text: string,
  interruptible: boolean,
  respondingTo: string | undefined
): Event.OutputOf<"AgentSendText"> =>
  Event.sendText(text, {
    ...(interruptible ? undefined : { interruptible }),
    ...(respondingTo === undefined ? undefined : { respondingTo })
  })

/** Returns everything held, in order. */
export const end = ({ behind, interruptible, respondingTo, text }: HeldText): ReadonlyArray<Event.Output> =>
  text === "" ? [] : [unit(text, interruptible, respondingTo), ...behind]

/**
 * Takes one more output. Returns the new state, and the outputs to send. A unit is interruptible if all its parts are.
 */
export const push = (
  held: HeldText,
  output: Event.Output,
  units: Units
): readonly [HeldText, ReadonlyArray<Event.Output>] => {
  if (output._tag !== "AgentSendText") {
    if (held.text === "") return [held, [output]]
    if (units.waits(output)) return [{ ...held, behind: [...held.behind, output] }, []]
    return [empty, [...end(held), output]]
  }
  if (output.text === "") return [held, []]
  if (held.text !== "" && held.respondingTo !== output.respondingTo) {
    const [next, sent] = push(empty, output, units)
    return [next, [...end(held), ...sent]]
  }
  const interruptible = output.interruptible !== false
  const text = held.text + output.text
  const sent: Array<Event.Output> = []
  let behind = held.behind
  let start = 0
  // A unit that begins in previously held text shares its flag.
  const flag = () => interruptible && (start >= held.text.length || held.interruptible)
  for (const end of units.ends(held.text, output.text)) {
    sent.push(unit(text.slice(start, end), flag(), output.respondingTo), ...behind)
    start = end
    behind = []
  }
  if (start === text.length) return [empty, sent]
  return [{ text: text.slice(start), interruptible: flag(), respondingTo: output.respondingTo, behind }, sent]
}

/** Regroups the text of a stream by units. Text held when the stream fails or is interrupted is lost. */
export const regroup = <E, R>(
  stream: Stream.Stream<Event.Output, E, R>,
  units: Units
): Stream.Stream<Event.Output, E, R> =>
  Stream.suspend(() => {
    let held = empty
    return stream.pipe(
      Stream.mapAccumArray(
        () => undefined,
        (_, outputs) => {
          const sent: Array<Event.Output> = []
          for (const output of outputs) {
            const [next, out] = push(held, output, units)
            held = next
            sent.push(...out)
          }
          return [undefined, sent]
        }
      ),
      Stream.concat(Stream.suspend(() => Stream.fromArray(end(held))))
    )
  })
