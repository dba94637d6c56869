/// `output[column][row] = source[row][column]`.
///
/// - Parameters: rows of the source are `sourceStride` apart, rows of the output `outputStride`.
@inline(never)
public func transpose(
  rows: Int, columns: Int, source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>,
  outputStride: Int
) {
  var row = 0
  while row &+ width <= rows {
    let line = source + row &* sourceStride
    let target = output + row
    var column = 0
    // Narrow images have few columns: then a vector is loaded from two or four rows.
    while width >= 16, column &+ 16 <= columns {
      let block = transposedColumns16(line + column, sourceStride)
      block.low.store(target + column &* outputStride, outputStride)
      block.high.store(target + (column &+ 8) &* outputStride, outputStride)
      column &+= 16
    }
    while width >= 8, column &+ 8 <= columns {
      transposedColumns8(line + column, sourceStride).store(target + column &* outputStride, outputStride)
      column &+= 8
    }
    while column &+ 4 <= columns {
      transposedColumns4(line + column, sourceStride).store(target + column &* outputStride, outputStride)
      column &+= 4
    }
    while column < columns {
      for lane in 0..<width { target[column &* outputStride &+ lane] = line[lane &* sourceStride &+ column] }
      column &+= 1
    }
    row &+= width
  }
  while row < rows {
    for column in 0..<columns { output[column &* outputStride &+ row] = source[row &* sourceStride &+ column] }
    row &+= 1
  }
}
