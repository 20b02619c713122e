// Reads the initializers of an ONNX file, which are 32-bit float tensors by name. Understands only as much protobuf as that needs.

/** Iterates over the fields of a message. A value is a BigInt, or the bytes of a nested field. */
const fields = function* (bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const [field, wireType] = [key >> 3, key & 7]
    if (wireType === 0) yield [field, varint()]
    else if (wireType === 2) {
      const length = Number(varint())
      yield [field, bytes.subarray(at, (at += length))]
    } else if (wireType === 5) yield [field, BigInt(view.getUint32((at += 4) - 4, true))]
    else if (wireType === 1) yield [field, view.getBigUint64((at += 8) - 8, true)]
    else throw new Error(`unknown wire type ${wireType}`)
  }
}

const all = (bytes, field) => [...fields(bytes)].flatMap(([number, value]) => (number === field ? [value] : []))

// ModelProto.graph = 7, GraphProto.initializer = 5, TensorProto.name = 8, .data_type = 2 (1: float), .raw_data = 9
export const initializers = (file) => {
  const [graph] = all(file, 7)
  return new Map(
    all(graph, 5).flatMap((tensor) => {
      const [[name], [type], [raw]] = [all(tensor, 8), all(tensor, 2), all(tensor, 9)]
      return type === 1n && raw !== undefined
        ? [[new TextDecoder().decode(name), new Float32Array(Uint8Array.from(raw).buffer)]]
        : []
    })
  )
}
