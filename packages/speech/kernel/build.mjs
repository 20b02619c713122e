// `node packages/speech/kernel/build.mjs` compiles kernel.ts to src/internal/kernelBytes.ts. With --check it writes nothing,
// and fails if that file differs from what it would write.
import asc from "assemblyscript/asc"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const target = join(import.meta.dirname, "../src/internal/kernelBytes.ts")
const flags = ["-O3", "--runtime", "stub", "--noAssert", "--enable", "simd", "--importMemory", "--initialMemory", "1"]

let compiled = new Uint8Array(0)
const { error, stderr } = await asc.main(["kernel.ts", ...flags, "--outFile", "kernel.wasm"], {
  readFile: (name) => (name === "kernel.ts" ? readFileSync(join(import.meta.dirname, name), "utf8") : null),
  writeFile: (_, contents) => {
    compiled = contents
  },
  listFiles: () => []
})
if (error) throw new Error(`${error.message}\n${stderr.toString()}`)

const base64 = Buffer.from(compiled).toString("base64")
const text = `// ${compiled.length} bytes of WebAssembly, compiled from kernel/kernel.ts by kernel/build.mjs.
export const kernelBytes =
${base64
  .match(/.{1,110}/g)
  .map((line) => `  "${line}"`)
  .join(" +\n")}
`
if (!process.argv.includes("--check")) writeFileSync(target, text)
else if (readFileSync(target, "utf8") !== text) {
  console.error("src/internal/kernelBytes.ts is not what kernel/kernel.ts compiles to; run kernel/build.mjs")
  process.exit(1)
}
