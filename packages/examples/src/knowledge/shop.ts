import { Embeddings, Knowledge, LlmAgent, Models, Prefetch } from "@antiphon/llm"
import { EndCall, KnowledgeBase } from "@antiphon/llm/tools"
import { Sqlite } from "@antiphon/sqlite"
import { Layer } from "effect"

/** What the shop knows. A folder, a wiki or a database would do as well. */
export const documents = [
  {
    id: "hours",
    title: "Opening hours",
    url: "https://shop.example/hours",
    text: "The shop is open from Tuesday to Saturday, nine to six."
  },
  {
    id: "returns",
    title: "Returns",
    text: "# Returns\nGoods can be returned within thirty days.\n# Refunds\nA refund takes five days."
  }
]

/** Answers from the documents: from what was found while the caller spoke, or from a lookup of its own. */
export const assistant = Prefetch.agent(
  LlmAgent.make({
    systemPrompt: "You answer questions about the shop, briefly, from the knowledge base only.",
    introduction: "Hello, this is the shop. What would you like to know?",
    tools: [KnowledgeBase.own({ limit: 3 }), EndCall.make()]
  }),
  { limit: 3 }
)

/** The documents are embedded once, and kept in a file. */
export const Shop = Knowledge.layerDocuments(documents).pipe(
  Layer.provideMerge(Knowledge.layerSql({ name: "shop" })),
  Layer.provide([Embeddings.fromString("openai/text-embedding-3-small"), Sqlite.layer({ filename: "shop.db" })])
)

export const Live = Layer.merge(Shop, Models.fromString("openai/gpt-5.4-mini"))
