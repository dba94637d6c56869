/// `finish` for pixels whose channels lie side by side; the same bits.
///
/// - Parameters:
///   - sourceStride: from one pixel of the source to the next.
///   - stride: the same of everything else.
///   - bias: one number per channel.
@inline(never)
public func finishPixels(
  count: Int, channels: Int, sourceStride: Int, stride: Int, source: UnsafePointer<Float>,
  values: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
  reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
) {
  let end = LayerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  end.run(
    FinishedPixels(
      count: count, firstChannel: 0, channels: channels, source: source, sourceStride: sourceStride, values: values,
      firstPlace: 0, stride: stride, layer: end))
}

/// Pixels whose sums are in memory.
struct FinishedPixels: FinishedWork {
  let count: Int
  let firstChannel: Int
  let channels: Int
  let source: UnsafePointer<Float>
  let sourceStride: Int
  let values: UnsafeMutablePointer<Float>
  /// Of the first value among all, and from one pixel's to the next's.
  let firstPlace: Int
  let stride: Int
  let layer: LayerEnd

  @inline(never)
  func run(_ end: some SumEnd) {
    let whole = channels / width &* width
    for pixel in 0..<count {
      let sums = source + pixel &* sourceStride
      let place = firstPlace &+ pixel &* stride
      var channel = 0
      while channel < whole {
        store(finished(sums, channel, place, end, load: load), values + (place &+ channel))
        channel &+= width
      }
      if width > 8, channels &- channel >= 8 {
        storeLow8(finished(sums, channel, place, end, load: loadLow8), values + (place &+ channel))
        channel &+= 8
      }
      if width > 4, channels &- channel >= 4 {
        storeLow4(finished(sums, channel, place, end, load: loadLow4), values + (place &+ channel))
        channel &+= 4
      }
      let rest = channels &- channel
      if rest > 0 {
        let last = finished(sums, channel, place, end) { first in
          var lanes = Vector.zero
          lanes[0] = first[0]
          if rest > 1 { lanes[1] = first[1] }
          if rest > 2 { lanes[2] = first[2] }
          return lanes
        }
        let target = values + (place &+ channel)
        target[0] = last[0]
        if rest > 1 { target[1] = last[1] }
        if rest > 2 { target[2] = last[2] }
      }
    }
  }

  /// Some channels of a pixel, in the first lanes.
  @inline(__always)
  private func finished(
    _ sums: UnsafePointer<Float>, _ channel: Int, _ place: Int, _ end: some SumEnd,
    load: (UnsafePointer<Float>) -> Vector
  ) -> Vector {
    layer.values(
      load(sums + channel), bias: layer.bias(firstChannel &+ channel, load: load), at: place &+ channel, end, load: load
    )
  }
}
