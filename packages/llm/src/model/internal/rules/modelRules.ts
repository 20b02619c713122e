/**
 * The one table of what models accept.
 *
 * @since 0.1.0
 */
import * as Acceptance from "./acceptance.ts"
import * as ContextWindows from "./contextWindows.ts"
import * as OpenAiModels from "./openAiModels.ts"
import * as OtherModels from "./otherModels.ts"
import * as ReplyObjects from "./replyObjects.ts"

/** All rows. Rows of a provider follow rows of a family, because it is the provider that refuses. */
export const all: ReadonlyArray<Acceptance.Rule> = [
  ...ContextWindows.rules,
  ...ReplyObjects.rules,
  ...OpenAiModels.rules,
  ...OtherModels.rules
]

const folded = new Map<string, Acceptance.Acceptance>()
/** Enough for the models of any process; a bound all the same, as names come from outside. */
const mostFolded = 1000

/** What a model accepts in a request of this kind. */
export const acceptanceOf = (request: Acceptance.Request): Acceptance.Acceptance => {
  const key = `${request.provider}\n${request.api}\n${request.tools}\n${request.model}`
  let accepted = folded.get(key)
  if (accepted === undefined) {
    if (folded.size >= mostFolded) folded.clear()
    accepted = Acceptance.fold(Acceptance.holding(all, request))
    folded.set(key, accepted)
  }
  return accepted
}
