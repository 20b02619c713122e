/**
 * What to blank in a call, field by field, before it is recorded.
 *
 * Ids, kinds and times stay, so a redacted recording can be read and replayed like any other. Speech comes in pieces (a
 * word, a token), and each piece is blanked by itself: `mask` works on pieces, whereas a search for phone numbers would
 * not.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "../CallRequest.ts"
import * as MaskedText from "./internal/maskedText.ts"
import type * as Recording from "./Recording.ts"

/**
 * How to blank a value: the names of fields to blank at any depth, or a function that returns what to write instead.
 */
export type Fields = ReadonlyArray<string> | ((value: unknown) => unknown)

/**
 * How to blank the calls of a tool wherever they appear: in outputs, replies of models, prompts and background results.
 */
export interface ToolRedaction {
  readonly args?: Fields | undefined
  readonly result?: Fields | undefined
}

/**
 * What to blank. A kind of text without a rule is written as it is. Unknown things (a field without a `privacy`, an
 * event or a part that this version does not know) are always blanked.
 */
export interface Redaction {
  /** The phone numbers of the request, and of transfers. */
  readonly phoneNumber?: ((number: string) => string) | undefined
  /** Words of the caller, as reported and in prompts. */
  readonly userText?: ((text: string) => string) | undefined
  /**
   * Words of the agent, and its sources and files: as a model wrote or thought them, as said and heard, and in prompts.
   */
  readonly agentText?: ((text: string) => string) | undefined
  /** System prompts, descriptions of tools, and the prompt and the introduction of the request. */
  readonly instructions?: ((text: string) => string) | undefined
  /** Keys that the caller or the agent pressed. */
  readonly dtmf?: ((button: string) => string) | undefined
  /**
   * Metadata of the request, of custom messages both ways, of log messages and of providers; settings of models other
   * than numbers and flags; measurements other than numbers.
   */
  readonly metadata?: Fields | undefined
  /** Rules by the name of the tool; `*` is for all others. */
  readonly tools?: { readonly [name: string]: ToolRedaction } | undefined
  /** Messages of failures and of the agent's log, which may quote anything. */
  readonly message?: ((text: string) => string) | undefined
  /** Ids of the call, events, tool calls and voices. Written as they are by default, even with `everything`. */
  readonly id?: ((id: string) => string) | undefined
  /** Anything that no other rule covers. By default its text is masked, its numbers become 0, and its tag stays. */
  readonly unknown?: ((value: unknown) => unknown) | undefined
  /** Applied last to the request of the call. */
  readonly request?: ((request: CallRequest) => CallRequest) | undefined
  /** Applied last to each line. Undefined leaves the line out. */
  readonly line?: ((note: Recording.Note) => Recording.Note | undefined) | undefined
  /**
   * Whether the audio of a call may be kept although words are blanked. False by default: what is masked in the text would be
   * heard.
   */
  readonly audio?: boolean | undefined
}

/** Written in place of a blanked field. */
export const blank: string = MaskedText.blank

/**
 * Replaces letters by `x` and digits by `0`, drops separate accents, and keeps the rest. A masked text has as many
 * words as the original, and masking its pieces gives the same as masking the whole.
 */
export const mask: (text: string) => string = MaskedText.mask

/**
 * Masks all text in a value, and replaces numbers by 0. Field names stay, unless no program would use them, such as a
 * phone number.
 */
export const maskValue: (value: unknown) => unknown = MaskedText.maskValue

/** Masks all content, and leaves only the course of the call. */
export const everything: Redaction = {
  phoneNumber: mask,
  userText: mask,
  agentText: mask,
  instructions: mask,
  dtmf: () => "0",
  metadata: maskValue,
  tools: { "*": { args: maskValue, result: maskValue } },
  message: mask
}
