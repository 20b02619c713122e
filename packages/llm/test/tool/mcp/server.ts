/** A server of the reference implementation, with a tool for each way a call can go. */
import { Server } from "@modelcontextprotocol/sdk/server/index.js"
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js"

const schema = (properties: object, required: ReadonlyArray<string> = []) => ({
  type: "object" as const,
  properties,
  required: [...required]
})

const tools = [
  {
    name: "add",
    description: "Adds two numbers.",
    inputSchema: schema({ a: { type: "number" }, b: { type: "number", description: "The other" } }, ["a", "b"])
  },
  { name: "env.value", description: "Tells a variable.", inputSchema: schema({ name: { type: "string" } }, ["name"]) },
  { name: "env_value", description: "Differs in a dot.", inputSchema: schema({}) },
  { name: "mixed", inputSchema: schema({}) },
  { name: "fail", description: "Fails.", inputSchema: schema({}) },
  { name: "crash", description: "Ends the server.", inputSchema: schema({}) }
]

const text = (value: string) => ({ type: "text" as const, text: value })

export const make = (options: { readonly crash: () => void }): Server => {
  const server = new Server({ name: "test", version: "1.0.0" }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const args = (params.arguments ?? {}) as { a: number; b: number; name: string }
    switch (params.name) {
      case "add":
        if (typeof args.a !== "number") throw new Error("a must be a number")
        return { content: [text(String(args.a + args.b))] }
      case "env.value":
        return { content: [text(process.env[args.name] ?? "unset")] }
      case "env_value":
        return { content: [text("not a variable")] }
      case "mixed":
        return { content: [text("one"), text("two"), { type: "image", data: "AAAA", mimeType: "image/png" }] }
      case "fail":
        return { content: [text("no luck")], isError: true }
      case "crash":
        options.crash()
        return { content: [] }
      default:
        throw new Error(`unknown tool ${params.name}`)
    }
  })
  return server
}
