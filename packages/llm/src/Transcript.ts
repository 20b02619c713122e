/**
 * The history of a call as a model reads it: what the caller said, what the caller really heard, and every tool call
 * directly followed by its outcome.
 *
 * The turn in progress appears with the text it has sent. Earlier turns appear with the text that was heard: a reply
 * that was cut off ends where the caller stopped hearing it, and tool calls keep their places among the sentences.
 *
 * Square brackets mark what the caller did not say: a key press is `[5]`, and events of the application look similar.
 * Square brackets in the caller's own words become round, and marks of prompts and templates are defused, so that no
 * caller can fake an event or a tool result.
 *
 * @since 0.1.0
 */
import type * as History from "@antiphon/core/History"
import * as Transcript from "./internal/transcript.ts"

/** A line for the model to read. */
export type Line = Transcript.Line

/** A tool call and its outcome. */
export type ToolCall = Transcript.ToolCall

/** An entry of the history about a tool call: that it was made, or its outcome. */
export type ToolItem = Transcript.ToolItem

/** Which agent of the call a tool call belongs to. */
export type Ownership = Transcript.Ownership

/** Options for reading a history. */
export type Options = Transcript.Options

/** Reads a history. */
export const lines: (history: History.History, options: Options) => ReadonlyArray<Line> = Transcript.lines
