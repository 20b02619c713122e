// `npm run replay` and `npm run simulate`: the commands of @antiphon/cli, with the agents of the examples where none is given.
import * as Cli from "../packages/cli/src/Cli.ts"

const example = (name) => new URL(`../packages/examples/src/${name}.ts`, import.meta.url).href

Cli.main({
  replay: example("replay/replayed"),
  simulate: example("testing/simulation"),
  again: "npm run simulate --"
})
