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
