/** The part of the global `WebAssembly` that this package uses. TypeScript declares it only in its DOM library. */
export interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => Module
  readonly Memory: new (descriptor: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Instance: new (module: Module, imports: Imports) => { readonly exports: unknown }
  readonly compile: (bytes: Uint8Array) => Promise<Module>
}

/** A compiled module. */
export interface Module {
  readonly _: unique symbol
}

type Imports = { readonly [module: string]: { readonly [name: string]: unknown } }

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly
