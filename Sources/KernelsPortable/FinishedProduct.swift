/// `activation(left * right + bias + residual)`: `rowsTimesPanels` with the end of a fused layer (`finishPixels`) while the sums
/// are in registers; the same bits.
///
/// - Parameters:
///   - rows: any number; the left matrix is read in sixes of rows.
///   - columns: of the last panel, those behind are left out.
///   - tile: 192 numbers of memory of its own.
///   - values: rows `stride` apart, like those of residual and reference.
@inline(never)
public func finishedRowsTimesPanels(
  rows: Int, inner: Int, columns: Int, left: UnsafePointer<Float>, leftStride: Int, right: UnsafePointer<Float>,
  tile: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?,
  residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
  upper: Float
) {
  let end = LayerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  end.run(
    FinishedProduct(
      rows: rows, inner: inner, columns: columns, left: left, leftStride: leftStride, right: right, tile: tile,
      values: values, stride: stride, layer: end))
}

private struct FinishedProduct: FinishedWork {
  let rows: Int
  let inner: Int
  let columns: Int
  let left: UnsafePointer<Float>
  let leftStride: Int
  let right: UnsafePointer<Float>
  let tile: UnsafeMutablePointer<Float>
  let values: UnsafeMutablePointer<Float>
  let stride: Int
  let layer: LayerEnd

  @inline(never)
  func run<End: SumEnd>(_ end: End) {
    var first = 0
    while first < columns {
      let isPair = first &+ width < columns
      let isWhole = first &+ (isPair ? 2 : 1) &* width <= columns
      var row = 0
      while row < rows {
        let start = addPartialSums(row, first, isPair, isWhole && row &+ 6 <= rows)
        if isWhole, row &+ 6 <= rows {
          if isPair { finishPair(row, first, start, end) } else { finishOne(row, first, start, end) }
        } else {
          finishTile(row, first, end)
        }
        row &+= 6
      }
      first &+= 2 &* width
    }
  }

  /// Adds up partial sums in the tile.
  /// - Parameter leavesLast: the last one is left to those who finish.
  /// - Returns: where the last one begins.
  @inline(__always)
  private func addPartialSums(_ row: Int, _ first: Int, _ isPair: Bool, _ leavesLast: Bool) -> Int {
    var start = 0
    while inner &- start > (leavesLast ? longestSum : 0) || (start == 0 && !leavesLast) {
      addPartialSum(row, first, isPair, start, min(longestSum, inner &- start))
      start &+= longestSum
    }
    return start
  }

  @inline(__always)
  private func addPartialSum(_ row: Int, _ first: Int, _ isPair: Bool, _ start: Int, _ count: Int) {
    let lines = left + row &* leftStride + start
    let adds = start > 0
    if isPair {
      TileOf2(count, lines, leftStride, panel(first, start), panel(first &+ width, start)).forEach { row, vector, sum in
        put(sum, tile + (2 &* row &+ vector) &* width, adds)
      }
    } else {
      TileOf1(count, lines, leftStride, panel(first, start)).forEach { row, _, sum in
        put(sum, tile + 2 &* row &* width, adds)
      }
    }
  }

  /// Where columns of the right matrix lie, from the term `start` on.
  @inline(__always)
  private func panel(_ first: Int, _ start: Int) -> UnsafePointer<Float> {
    right + (first / 16 &* inner &* 16 &+ first % 16 &+ start &* 16)
  }

  @inline(__always)
  private func finishPair(_ row: Int, _ first: Int, _ start: Int, _ end: some SumEnd) {
    var sums = TileOf2(
      inner &- start, left + row &* leftStride + start, leftStride, panel(first, start), panel(first &+ width, start))
    if start > 0 { sums.add(tile) }
    let (bias0, bias1) = (layer.bias(first, load: load), layer.bias(first &+ width, load: load))
    let place = row &* stride &+ first
    sums.forEach { row, vector, sum in
      let place = place &+ row &* stride &+ vector &* width
      store(layer.values(sum, bias: vector == 0 ? bias0 : bias1, at: place, end, load: load), values + place)
    }
  }

  @inline(__always)
  private func finishOne(_ row: Int, _ first: Int, _ start: Int, _ end: some SumEnd) {
    var sums = TileOf1(inner &- start, left + row &* leftStride + start, leftStride, panel(first, start))
    if start > 0 { sums.add(tile) }
    let bias = layer.bias(first, load: load)
    let place = row &* stride &+ first
    sums.forEach { row, _, sum in
      let place = place &+ row &* stride
      store(layer.values(sum, bias: bias, at: place, end, load: load), values + place)
    }
  }

  /// Rows or columns at the end of the matrix, of sums that are in the tile.
  @inline(__always)
  private func finishTile(_ row: Int, _ first: Int, _ end: some SumEnd) {
    FinishedPixels(
      count: min(6, rows &- row), firstChannel: first, channels: min(2 &* width, columns &- first), source: tile,
      sourceStride: 2 &* width, values: values, firstPlace: row &* stride &+ first, stride: stride, layer: layer
    ).run(end)
  }
}
