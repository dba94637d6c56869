/// `values = activation(source + bias + residual)`, the end of a fused layer. `source` may be `values`.
///
/// - Parameters:
///   - residual: added where given.
///   - reference: what stands is kept where this is above `lower` and not at or above `upper`; without it, where `rectifies`, the
///     sum's own place decides: what is below `lower` becomes `lower`, what is above `upper` becomes `upper`.
///   - slope: where it is not 0, what is not kept at the lower end becomes `slope` times the sum.
///   - upper: NaN for none.
@inline(never)
public func finish(
  count: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, bias: Float,
  residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
  upper: Float
) {
  // Two calls, because only where the compiler sees one pointer does it know that the loops can be vectorised.
  if source == UnsafePointer(values) {
    finishLoops(count, UnsafePointer(values), values, bias, residual, reference, rectifies, slope, lower, upper)
  } else {
    finishLoops(count, source, values, bias, residual, reference, rectifies, slope, lower, upper)
  }
}

@inline(__always)
private func finishLoops(
  _ count: Int, _ source: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ bias: Float,
  _ residual: UnsafePointer<Float>?, _ reference: UnsafePointer<Float>?, _ rectifies: Bool, _ slope: Float,
  _ lower: Float, _ upper: Float
) {
  // NaN stays; a closed gate gives 0 for an infinite signal too. What is compared with NaN is never above it.
  if reference != nil || !rectifies {
    if let residual {
      for index in 0..<count { values[index] = source[index] + bias + residual[index] }
    } else {
      for index in 0..<count { values[index] = source[index] + bias }
    }
    guard let reference else { return }
    if slope == 0 {
      for index in 0..<count {
        let open = reference[index] > lower ? values[index] : 0
        values[index] = reference[index] >= upper ? 0 : open
      }
    } else {
      for index in 0..<count { values[index] = reference[index] > lower ? values[index] : slope * values[index] }
    }
  } else if let residual {
    if slope == 0 {
      for index in 0..<count {
        let sum = source[index] + bias + residual[index]
        let raised = sum < lower ? lower : sum
        values[index] = raised > upper ? upper : raised
      }
    } else {
      for index in 0..<count {
        let sum = source[index] + bias + residual[index]
        values[index] = sum < lower ? slope * sum : sum
      }
    }
  } else if slope == 0 {
    for index in 0..<count {
      let sum = source[index] + bias
      let raised = sum < lower ? lower : sum
      values[index] = raised > upper ? upper : raised
    }
  } else {
    for index in 0..<count {
      let sum = source[index] + bias
      values[index] = sum < lower ? slope * sum : sum
    }
  }
}

/// The same for pixels whose channels lie side by side.
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
  // What is absent adds 0, or -0, which changes nothing.
  let (biases, biasStep) = bias.map { ($0, 1) } ?? (UnsafePointer(absent), 0)
  let (residuals, residualStep) = residual.map { ($0, 1) } ?? (UnsafePointer(absent + width), 0)
  let (low, high, factor) = (repeated(lower), repeated(upper), repeated(slope))
  @inline(__always)
  func sum(_ at: (source: Int, place: Int, channel: Int)) -> Vector {
    load(source + at.source) + load(biases + at.channel &* biasStep) + load(residuals + at.place &* residualStep)
  }
  // One loop for each way: a choice between vectors within a loop makes the compiler take them apart.
  if let reference {
    if slope == 0 {
      forEachVector(count, channels, sourceStride, stride) { at in
        let gate = load(reference + at.place)
        store(Vector.zero.replacing(with: sum(at), where: (gate .> low) .& .!(gate .>= high)), values + at.place)
      }
    } else {
      forEachVector(count, channels, sourceStride, stride) { at in
        let sum = sum(at)
        store((factor * sum).replacing(with: sum, where: load(reference + at.place) .> low), values + at.place)
      }
    }
  } else if !rectifies {
    forEachVector(count, channels, sourceStride, stride) { at in store(sum(at), values + at.place) }
  } else if slope == 0 {
    forEachVector(count, channels, sourceStride, stride) { at in
      let sum = sum(at)
      let raised = sum.replacing(with: low, where: sum .< low)
      store(raised.replacing(with: high, where: raised .> high), values + at.place)
    }
  } else {
    forEachVector(count, channels, sourceStride, stride) { at in
      let sum = sum(at)
      store(sum.replacing(with: factor * sum, where: sum .< low), values + at.place)
    }
  }
  // Channels that do not fill a vector.
  let whole = channels / width &* width
  guard whole < channels else { return }
  for pixel in 0..<count {
    var channel = whole
    while channel < channels {
      let place = pixel &* stride &+ channel
      finish(
        count: min(4, channels &- channel), source: source + pixel &* sourceStride + channel, values: values + place,
        bias: bias.map { $0 + channel }, residual: residual.map { $0 + place },
        reference: reference.map { $0 + place }, rectifies: rectifies, slope: slope, lower: lower, upper: upper)
      channel &+= 4
    }
  }
}

/// A vector of 0 and one of -0.
private nonisolated(unsafe) let absent: UnsafeMutablePointer<Float> = {
  let vectors = UnsafeMutablePointer<Float>.allocate(capacity: 2 &* width)
  vectors.initialize(repeating: 0, count: width)
  (vectors + width).initialize(repeating: -0.0, count: width)
  return vectors
}()

/// Calls `body` with the places of every whole vector of channels of every pixel.
@inline(__always)
private func forEachVector(
  _ count: Int, _ channels: Int, _ sourceStride: Int, _ stride: Int,
  _ body: (_ at: (source: Int, place: Int, channel: Int)) -> Void
) {
  let last = channels &- width
  var (source, place) = (0, 0)
  for _ in 0..<count {
    var channel = 0
    while channel <= last {
      body((source &+ channel, place &+ channel, channel))
      channel &+= width
    }
    source &+= sourceStride
    place &+= stride
  }
}

/// Of up to four channels of a pixel, by the same operations.
@inline(never)
private func finish(
  count: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?,
  residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float,
  upper: Float
) {
  @inline(__always)
  func four(_ pointer: UnsafePointer<Float>) -> SIMD4<Float> {
    if count == 4 { return UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Float>.self) }
    return SIMD4(pointer[0], count > 1 ? pointer[1] : 0, count > 2 ? pointer[2] : 0, 0)
  }
  let biased = bias.map { four(source) + four($0) } ?? four(source) + SIMD4<Float>.zero
  let sum = residual.map { biased + four($0) } ?? biased
  var result = sum
  if let reference {
    let gate = four(reference)
    let closed = slope == 0 ? SIMD4<Float>.zero : SIMD4(repeating: slope) * sum
    let open = closed.replacing(with: sum, where: gate .> SIMD4(repeating: lower))
    result = open.replacing(with: SIMD4<Float>.zero, where: gate .>= SIMD4(repeating: upper))
  } else if rectifies {
    let raised = sum.replacing(
      with: slope == 0 ? SIMD4(repeating: lower) : SIMD4(repeating: slope) * sum, where: sum .< SIMD4(repeating: lower))
    result = raised.replacing(with: SIMD4(repeating: upper), where: raised .> SIMD4(repeating: upper))
  }
  if count == 4 {
    UnsafeMutableRawPointer(values).storeBytes(of: result, as: SIMD4<Float>.self)
  } else {
    values[0] = result[0]
    if count > 1 { values[1] = result[1] }
    if count > 2 { values[2] = result[2] }
  }
}
