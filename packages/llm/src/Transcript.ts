/**
 * The history of a call as a model reads it: what the caller said, what the caller really heard, and every tool call directly
 * followed by its outcome.
 *
 * Text of the turn in progress counts as sent. Text of earlier turns counts as spoken: a reply that was cut off is as long as
 * the caller heard it, and tool calls stand at their places among the sentences.
 *
 * Square brackets mark what the caller did not say: a key press is `[5]`, and so are events of the application. Brackets in
 * the caller's own words become round, so that no caller can say an event or a tool result.
 *
 * @since 0.1.0
 */
import type * as History from "@antiphon/core/History"
import * as Transcript from "./internal/transcript.ts"

/** A line of what the model reads. */
export type Line = Transcript.Line

/** A tool call and its outcome. */
export type ToolCall = Transcript.ToolCall

/** A line of the record that tells of a tool call: that it was made, or its outcome. */
export type ToolItem = Transcript.ToolItem

/** To which agent of the call a tool call belongs. */
export type Ownership = Transcript.Ownership

/** How a history is read. */
export type Options = Transcript.Options

/** Reads a history. */
export const lines: (history: History.History, options: Options) => ReadonlyArray<Line> = Transcript.lines
