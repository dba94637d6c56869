extension UnsafeRawBufferPointer {
  /// Whether one of the float32 that lie here is NaN, wherever they begin. Bytes behind the last whole one are none.
  package var hasNaN: Bool { hasNaN { $0 } }

  /// Whether a function of one of them is, sixteen at a time.
  func hasNaN(_ function: (SIMD16<Float>) -> SIMD16<Float>) -> Bool {
    var found = SIMDMask<SIMD16<Int32>>(repeating: false)
    let width = MemoryLayout<SIMD16<Float>>.size
    let whole = count / width * width
    for start in stride(from: 0, to: whole, by: width) {
      let value = function(loadUnaligned(fromByteOffset: start, as: SIMD16<Float>.self))
      found .|= value .!= value
    }
    var last = SIMD16<Float>(repeating: 0)
    for (lane, start) in stride(from: whole, through: count - 4, by: 4).enumerated() {
      last[lane] = loadUnaligned(fromByteOffset: start, as: Float.self)
    }
    let value = function(last)
    return any(found .| (value .!= value))
  }
}
