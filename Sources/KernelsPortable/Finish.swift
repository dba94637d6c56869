/// `values = activation(source + bias + residual)`, the end of a fused layer. `source` may be `values`.
///
/// - Parameters:
///   - residual: added where given.
///   - reference: the rectifier keeps what stands where this is above 0; without it, where `rectifies`, its own sign decides.
///   - slope: factor of what the rectifier does not keep.
@inline(never)
public func finish(
  count: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, bias: Float,
  residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float
) {
  // Two calls, because only where the compiler sees one pointer does it know that the loops can be vectorised.
  if source == UnsafePointer(values) {
    finishLoops(count, UnsafePointer(values), values, bias, residual, reference, rectifies, slope)
  } else {
    finishLoops(count, source, values, bias, residual, reference, rectifies, slope)
  }
}

@inline(__always)
private func finishLoops(
  _ count: Int, _ source: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>, _ bias: Float,
  _ residual: UnsafePointer<Float>?, _ reference: UnsafePointer<Float>?, _ rectifies: Bool, _ slope: Float
) {
  // NaN stays; a closed gate gives 0 for an infinite signal too.
  if let reference {
    if let residual {
      for index in 0..<count { values[index] = source[index] + bias + residual[index] }
    } else {
      for index in 0..<count { values[index] = source[index] + bias }
    }
    if slope == 0 {
      for index in 0..<count { values[index] = reference[index] > 0 ? values[index] : 0 }
    } else {
      for index in 0..<count { values[index] = reference[index] > 0 ? values[index] : slope * values[index] }
    }
  } else if !rectifies {
    if let residual {
      for index in 0..<count { values[index] = source[index] + bias + residual[index] }
    } else {
      for index in 0..<count { values[index] = source[index] + bias }
    }
  } else if let residual {
    if slope == 0 {
      for index in 0..<count {
        let sum = source[index] + bias + residual[index]
        values[index] = sum < 0 ? 0 : sum
      }
    } else {
      for index in 0..<count {
        let sum = source[index] + bias + residual[index]
        values[index] = sum < 0 ? slope * sum : sum
      }
    }
  } else if slope == 0 {
    for index in 0..<count {
      let sum = source[index] + bias
      values[index] = sum < 0 ? 0 : sum
    }
  } else {
    for index in 0..<count {
      let sum = source[index] + bias
      values[index] = sum < 0 ? slope * sum : sum
    }
  }
}

/// The same for pixels whose channels lie side by side.
///
/// - Parameters:
///   - channels: of the source; a multiple of 16.
///   - stride: from one pixel to the next of everything else; the number of channels where the source has them all.
///   - bias: one number per channel.
@inline(never)
public func finishPixels(
  count: Int, channels: Int, stride: Int, source: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>,
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
  slope: Float
) {
  for pixel in 0..<count {
    var channel = 0
    while channel < channels {
      let place = pixel &* stride &+ channel
      var sum = load(source + pixel &* channels + channel) + (bias.map { load($0 + channel) } ?? Vector.zero)
      if let residual { sum += load(residual + place) }
      if let reference {
        let closed = slope == 0 ? Vector.zero : repeated(slope) * sum
        sum = closed.replacing(with: sum, where: load(reference + place) .> Vector.zero)
      } else if rectifies {
        sum = sum.replacing(with: slope == 0 ? Vector.zero : repeated(slope) * sum, where: sum .< Vector.zero)
      }
      store(sum, values + place)
      channel &+= width
    }
  }
}
