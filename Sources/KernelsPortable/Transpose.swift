/// `output[column][row] = source[row][column]`.
///
/// - Parameters: rows of the source are `sourceStride` apart, rows of the output `outputStride`.
@inline(never)
public func transpose(
  rows: Int, columns: Int, source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>,
  outputStride: Int
) {
  var row = 0
  while row &+ 4 <= rows {
    let line = source + row &* sourceStride
    let target = output + row
    var column = 0
    while column &+ 4 <= columns {
      let a = four(line + column), b = four(line + sourceStride + column)
      let c = four(line + 2 &* sourceStride + column), d = four(line + 3 &* sourceStride + column)
      let place = target + column &* outputStride
      put(SIMD4(a.x, b.x, c.x, d.x), place)
      put(SIMD4(a.y, b.y, c.y, d.y), place + outputStride)
      put(SIMD4(a.z, b.z, c.z, d.z), place + 2 &* outputStride)
      put(SIMD4(a.w, b.w, c.w, d.w), place + 3 &* outputStride)
      column &+= 4
    }
    while column < columns {
      for lane in 0..<4 { target[column &* outputStride &+ lane] = line[lane &* sourceStride &+ column] }
      column &+= 1
    }
    row &+= 4
  }
  while row < rows {
    for column in 0..<columns { output[column &* outputStride &+ row] = source[row &* sourceStride &+ column] }
    row &+= 1
  }
}

@inline(__always)
private func four(_ pointer: UnsafePointer<Float>) -> SIMD4<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
private func put(_ value: SIMD4<Float>, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: SIMD4<Float>.self)
}
