/**
 * Compares two recordings of the same call.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Printable from "../Printable.ts"
import * as Recording from "../recording/Recording.ts"
import * as Timeline from "./Timeline.ts"

/** The first difference. A side is undefined if it has no such line. */
export interface Difference {
  /** `Content`: another line. `Time`: the same one, too early or too late. `Missing`, `Added`: one that has no counterpart. */
  readonly what: "Header" | "Content" | "Time" | "Missing" | "Added"
  /** Number of the line in the recording, from 1: of the counterpart, or else of the line before it. */
  readonly line: number
  readonly at: number
  readonly recorded: string | undefined
  readonly replayed: string | undefined
}

/**
 * The result of a comparison.
 *
 * `Identical`: to the byte. `Same`: each participant (the caller, the agent, each request to a model, each background
 * work) does the same in the same order, at times that differ by at most `drift` milliseconds. The numbers of metrics,
 * which are mostly times, may differ.
 */
export type Comparison =
  | { readonly _tag: "Identical"; readonly lines: number }
  | { readonly _tag: "Same"; readonly lines: number; readonly drift: number }
  | { readonly _tag: "Different"; readonly difference: Difference }

/** Compares a recording with one of its replay. If the recording broke off, only what is there counts. */
export const make = (
  recorded: Recording.Recording,
  replayed: Recording.Recording,
  /** How many milliseconds a line may be early or late. */
  tolerance: number
): Comparison => compare(ordered(recorded), ordered(replayed), tolerance)

/**
 * A recording with the fields of its lines in the order of their schemas, in which not every writer has them. Without the turn
 * taking of a call by voice, of which a replay repeats the reports that it came to.
 */
const ordered = (recording: Recording.Recording): Recording.Recording =>
  Result.match(Recording.decode(Recording.encode(recording)), {
    onFailure: () => recording,
    onSuccess: ({ lines }) => ({ ...recording, lines: lines.filter(({ _tag }) => _tag !== "Floor") })
  })

const compare = (recorded: Recording.Recording, replayed: Recording.Recording, tolerance: number): Comparison => {
  const [before, after] = [recorded.lines, replayed.lines].map((lines) => lines.map(Recording.encodeLine))
  const isPrefix = before!.every((line, place) => line === after![place])
  const isWhole = isComplete(recorded)
  const header = headerDifference(recorded, replayed)
  if (header !== undefined) return { _tag: "Different", difference: header }
  if (isPrefix && (!isWhole || before!.length === after!.length)) {
    return { _tag: "Identical", lines: before!.length + 1 }
  }
  if (tolerance <= 0) return { _tag: "Different", difference: inOrder(recorded, replayed) }
  return byParty(recorded, replayed, tolerance)
}

/** Whether a recording contains the end of its call. It does not if the process was killed. */
const isComplete = ({ lines, truncated }: Recording.Recording): boolean =>
  !truncated && lines.some(({ _tag }) => _tag === "CallClosed")

const headerDifference = (recorded: Recording.Recording, replayed: Recording.Recording): Difference | undefined => {
  const [before, after] = [recorded, replayed].map(({ header }) =>
    Recording.encodeHeader({ ...header, redacted: false })
  )
  if (before === after) return undefined
  return { what: "Header", line: 1, at: 0, recorded: before!.trimEnd(), replayed: after!.trimEnd() }
}

/** Lines that have the same place. The header is the first line of the file. */
const differenceOf = (
  what: Difference["what"],
  place: number,
  recorded: Recording.Line | undefined,
  replayed: Recording.Line | undefined
): Difference => ({
  what,
  line: place + 2,
  at: (recorded ?? replayed)?.at ?? 0,
  recorded: recorded && Recording.encodeLine(recorded).trimEnd(),
  replayed: replayed && Recording.encodeLine(replayed).trimEnd()
})

const kindOf = (
  recorded: Recording.Line | undefined,
  replayed: Recording.Line | undefined,
  contentOf: (line: Recording.Line) => string
): Difference["what"] => {
  if (recorded === undefined) return "Added"
  if (replayed === undefined) return "Missing"
  return contentOf(recorded) === contentOf(replayed) ? "Time" : "Content"
}

const inOrder = ({ lines: before }: Recording.Recording, { lines: after }: Recording.Recording): Difference => {
  const place = before.findIndex((line, place) => {
    const other = after[place]
    return other === undefined || Recording.encodeLine(line) !== Recording.encodeLine(other)
  })
  const found = place < 0 ? before.length : place
  return differenceOf(kindOf(before[found], after[found], timeless), found, before[found], after[found])
}

const byParty = (recorded: Recording.Recording, replayed: Recording.Recording, tolerance: number): Comparison => {
  const [before, after] = [partiesOf(recorded.lines), partiesOf(replayed.lines)]
  let first: Difference | undefined
  let drift = 0
  const found = (difference: Difference) => {
    if (first === undefined || difference.at < first.at) first = difference
  }
  for (const party of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(party) ?? [], after.get(party) ?? []]
    const count = isComplete(recorded) ? Math.max(was.length, is.length) : was.length
    for (let i = 0; i < count; i++) {
      const [one, other] = [was[i], is[i]]
      const place = one?.place ?? placeAt(recorded.lines, other!.line.at)
      const what = kindOf(one?.line, other?.line, (line) => timeless(unmeasured(line)))
      const late = one === undefined || other === undefined ? 0 : Math.abs(other.line.at - one.line.at)
      if (what !== "Time" || late > tolerance) {
        found(differenceOf(what, place, one?.line, other?.line))
        break
      }
      drift = Math.max(drift, late)
    }
  }
  if (first !== undefined) return { _tag: "Different", difference: first }
  return { _tag: "Same", lines: recorded.lines.length + 1, drift: Math.round(drift * 1000) / 1000 }
}

const placeAt = (lines: ReadonlyArray<Recording.Line>, at: number): number => {
  const place = lines.findLastIndex((line) => line.at <= at)
  return Math.max(0, place)
}

const timeless = (line: Recording.Line): string => Recording.encodeLine({ ...line, at: 0 })

/** Removes from a line what a clock has measured. */
const unmeasured = (line: Recording.Line): Recording.Line => {
  if ((line._tag !== "Sent" && line._tag !== "Kept") || line.output._tag !== "LogMetric") return line
  const { output } = line
  return typeof output.value === "number" ? { ...line, output: { ...output, value: 0 } } : line
}

interface Placed {
  readonly line: Recording.Line
  readonly place: number
}

const partiesOf = (lines: ReadonlyArray<Recording.Line>): ReadonlyMap<string, ReadonlyArray<Placed>> => {
  const parties = new Map<string, Array<Placed>>()
  for (const [place, line] of lines.entries()) {
    const party = partyOf(line)
    const before = parties.get(party)
    if (before === undefined) parties.set(party, [{ line, place }])
    else before.push({ line, place })
  }
  return parties
}

const partyOf = (line: Recording.Line): string => {
  switch (line._tag) {
    case "Reported":
      return "caller"
    case "Happened":
      if (line.event._tag === "BackgroundReturned") return `work ${line.event.respondingTo} ${line.event.name}`
      return line.event._tag === "TurnFailed" ? "agent" : "caller"
    case "ModelRequested":
    case "ModelReplied":
    case "ModelEnded":
      return `model ${line.request}`
    case "CallClosed":
      return "end"
    case "TurnStarted":
    case "TurnEnded":
    case "Sent":
    case "Kept":
    case "CallFailed":
    case "Floor":
    case "Lost":
      return "agent"
    default:
      line satisfies never
      return "agent"
  }
}

/** Describes a difference: where it is, both lines, and what happened around it. */
export const renderDifference = (
  { at, line, recorded, replayed, what }: Difference,
  entries: ReadonlyArray<Timeline.Entry>,
  options: { readonly width?: number | undefined } = {}
): string => {
  const width = options.width ?? 100
  const [was, is] = excerpts(shown(recorded), shown(replayed), width - 12)
  const around = entries.filter((entry) => entry.at >= at - before && entry.at <= at + behind)
  return [
    `${heads[what]} at line ${line} of the recording, ${(at / 1000).toFixed(3)} s into the call:`,
    "",
    `  recorded  ${was ?? "(nothing)"}`,
    `  replayed  ${is ?? "(nothing)"}`,
    ...(around.length === 0 ? [] : ["", "The call as it was played again:", "", Timeline.render(around, { width })])
  ].join("\n")
}

/** JSON does not escape all control characters that a terminal would obey. */
const shown = (line: string | undefined): string | undefined =>
  line === undefined ? undefined : Printable.escaped(line)

const heads: { readonly [What in Difference["what"]]: string } = {
  Header: "The calls are not the same ones",
  Content: "Something else happens",
  Time: "The same happens at another time",
  Missing: "Something does not happen",
  Added: "Something happens that did not"
}

/** How much of the call around a difference is shown, in milliseconds. */
const before = 3000
const behind = 1500

/** Shows both lines, or of long ones the part around the difference. */
const excerpts = (
  recorded: string | undefined,
  replayed: string | undefined,
  width: number
): readonly [string | undefined, string | undefined] => {
  const [a, b] = [recorded ?? "", replayed ?? ""]
  let parting = 0
  while (parting < Math.min(a.length, b.length) && a[parting] === b[parting]) parting++
  const from = Math.max(0, parting - Math.floor(width / 3))
  const excerpt = (line: string) => {
    const cut = line.slice(from, from + width - 2)
    return `${from > 0 ? "…" : ""}${cut}${from + width - 2 < line.length ? "…" : ""}`
  }
  return [recorded && excerpt(a), replayed && excerpt(b)]
}
