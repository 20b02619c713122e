/**
 * The caller's words as models read them: nothing in them looks like an event, a fence around data, a line of another
 * role, or a token of a model's template, which self-hosted servers read in any text.
 */
import * as Imitation from "./imitation.ts"
import * as TemplateTokens from "./templateTokens.ts"

const opening = /[[\u2045\u2772\u27E6\u3010\u3014\u3016\u301A\uFE5D\uFE5B\uFF3B]/g
const closing = /[\]\u2046\u2773\u27E7\u3011\u3015\u3017\u301B\uFE5E\uFE5C\uFF3D]/g

/** Names that only prompts and templates put in angle brackets. */
const names =
  "system developer assistant user tool function result results passage memory call data instruction instructions invoke think"
    .split(" ")
    .map(Imitation.spelled)
    .join("|")
const marks = new RegExp(
  `${Imitation.bracket}(?=${Imitation.between}(?:[|\uff5c]|(?:${names})(?![\\p{L}\\p{N}]))|</?sys>>)`,
  "giu"
)

/** Returns the words with round brackets, and marks of prompts defused. */
export const read = (text: string): string =>
  mayHaveMarks.test(text) ? TemplateTokens.broken(inRound(text).replace(marks, "‹")) : text

/** Returns the text with round instead of square brackets. */
export const inRound = (text: string): string => text.replace(opening, "(").replace(closing, ")")

const mayHaveMarks = /[<[\]\u2045\u2046\u2772\u2773\u27E6\u27E7\u3010-\u301B\uFE5B-\uFE5E\uFE64\uFF1C\uFF3B\uFF3D]/
