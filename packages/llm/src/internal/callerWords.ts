/**
 * The caller's words as models read them: nothing in them looks like an event, a fence around data, a line of another
 * role, or a token of a model's template, which self-hosted servers read in any text.
 */
import * as Imitation from "./imitation.ts"
import * as TemplateTokens from "./templateTokens.ts"

const opening =
  /[[\u2045\u2772\u27E6\u27EC\u298B\u298D\u298F\u3010\u3014\u3016\u3018\u301A\uFE17\uFE39\uFE3B\uFE47\uFE5B\uFE5D\uFF3B]/g
const closing =
  /[\]\u2046\u2773\u27E7\u27ED\u298C\u298E\u2990\u3011\u3015\u3017\u3019\u301B\uFE18\uFE3A\uFE3C\uFE48\uFE5C\uFE5E\uFF3D]/g

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
  mayHaveMarks.test(text)
    ? TemplateTokens.broken(text.replace(opening, "(").replace(closing, ")").replace(marks, "‹"))
    : text

// All of these, and the brackets of tags. In most words there is none.
const mayHaveMarks =
  /[<[\]\u2045\u2046\u2772\u2773\u27E6\u27E7\u27EC\u27ED\u298B-\u2990\u3010-\u301B\uFE17\uFE18\uFE39-\uFE3C\uFE47\uFE48\uFE5B-\uFE5E\uFE64\uFF1C\uFF3B\uFF3D]/
