/**
 * What happened on a call, with times, and a picture of it: the caller on the left, the agent on the right.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Happenings from "./internal/time/happening.ts"
import * as Picture from "./internal/time/picture.ts"

/** Who ended a call. */
export type HungUpBy = Happenings.HungUpBy

/** Something that happened on a call, `at` milliseconds after its beginning. */
export type Entry = Happenings.Entry

/** Something that happened on a call. */
export type Happening = Happenings.Happening

/** Notes what happens on the call that is being played. */
export const Notes: Context.Reference<((happening: Happening) => void) | undefined> = Context.Reference(
  "@antiphon/core/testing/Timeline/Notes",
  { defaultValue: (): ((happening: Happening) => void) | undefined => undefined }
)

/** Adds a line to the timeline of the call that is being played. Does nothing on any other call. */
export const note = (text: string): Effect.Effect<void> => Effect.map(Notes, (note) => note?.({ _tag: "Noted", text }))

/**
 * Draws a call, 100 columns wide by default: the caller on the left, the agent on the right. `♪` marks what the caller
 * hears.
 */
export const render = (entries: ReadonlyArray<Entry>, options: { readonly width?: number | undefined } = {}): string =>
  Picture.draw(entries, options.width ?? 100)
