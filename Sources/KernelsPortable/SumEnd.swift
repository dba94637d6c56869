/// The end of a fused layer: `activation(sum + bias + residual)`. What is absent adds 0, or -0, which changes nothing: a choice
/// between vectors makes the compiler take them apart lane by lane.
struct LayerEnd {
  /// One number per channel, or zeros.
  private let biases: UnsafePointer<Float>
  private let biasStep: Int
  /// Where the values are, or zeros.
  private let residuals: UnsafePointer<Float>
  private let residualStep: Int
  /// See `finish`, like what follows.
  private let reference: UnsafePointer<Float>?
  private let rectifies: Bool
  private let slope: Float
  private let lower: Float
  private let upper: Float

  @inline(__always)
  init(
    bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
    slope: Float, lower: Float, upper: Float
  ) {
    (biases, biasStep) = bias.map { ($0, 1) } ?? (UnsafePointer(absent), 0)
    (residuals, residualStep) = residual.map { ($0, 1) } ?? (UnsafePointer(absent + width), 0)
    (self.reference, self.rectifies) = (reference, rectifies)
    (self.slope, self.lower, self.upper) = (slope, lower, upper)
  }

  /// Runs the work with the activation that it is; compiled for each.
  @inline(__always)
  func run(_ work: some FinishedWork) {
    if let reference {
      if slope == 0 {
        work.run(GatedEnd(reference: reference, lower: lower, upper: upper))
      } else {
        work.run(SlopedGateEnd(reference: reference, slope: slope, lower: lower))
      }
    } else if !rectifies {
      work.run(PlainEnd())
    } else if slope == 0 {
      work.run(LimitedEnd(lower: lower, upper: upper))
    } else {
      work.run(SlopedEnd(slope: slope, lower: lower))
    }
  }

  /// The biases from a channel on.
  @inline(__always)
  func bias(_ channel: Int, load: (UnsafePointer<Float>) -> Vector) -> Vector { load(biases + channel &* biasStep) }

  /// The values of some channels of a pixel.
  /// - Parameters:
  ///   - place: of the first value among all.
  ///   - load: of as many numbers as there are channels.
  @inline(__always)
  func values(
    _ sums: Vector, bias: Vector, at place: Int, _ end: some SumEnd, load: (UnsafePointer<Float>) -> Vector
  ) -> Vector {
    end(sums + bias + load(residuals + place &* residualStep), place, load)
  }
}

/// A vector of 0 and one of -0.
private nonisolated(unsafe) let absent: UnsafeMutablePointer<Float> = {
  let vectors = UnsafeMutablePointer<Float>.allocate(capacity: 2 &* width)
  vectors.initialize(repeating: 0, count: width)
  (vectors + width).initialize(repeating: -0.0, count: width)
  return vectors
}()

/// What ends each of its sums in the same way.
protocol FinishedWork {
  func run(_ end: some SumEnd)
}

/// The activation of the sum of a layer, bias and residual. NaN stays; a closed gate gives 0 for an infinite signal too; what is
/// compared with NaN is never above it.
protocol SumEnd {
  /// - Parameters:
  ///   - place: of the first value among all.
  ///   - load: of as many numbers as there are sums.
  func callAsFunction(_ sums: Vector, _ place: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector
}

private struct PlainEnd: SumEnd {
  @inline(__always)
  func callAsFunction(_ sums: Vector, _ place: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector { sums }
}

private struct LimitedEnd: SumEnd {
  let lower: Float
  let upper: Float

  @inline(__always)
  func callAsFunction(_ sums: Vector, _ place: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector {
    let raised = sums.replacing(with: repeated(lower), where: sums .< repeated(lower))
    return raised.replacing(with: repeated(upper), where: raised .> repeated(upper))
  }
}

private struct SlopedEnd: SumEnd {
  let slope: Float
  let lower: Float

  @inline(__always)
  func callAsFunction(_ sums: Vector, _ place: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector {
    sums.replacing(with: repeated(slope) * sums, where: sums .< repeated(lower))
  }
}

private struct GatedEnd: SumEnd {
  let reference: UnsafePointer<Float>
  let lower: Float
  let upper: Float

  @inline(__always)
  func callAsFunction(_ sums: Vector, _ place: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector {
    let gate = load(reference + place)
    return Vector.zero.replacing(with: sums, where: (gate .> repeated(lower)) .& .!(gate .>= repeated(upper)))
  }
}

private struct SlopedGateEnd: SumEnd {
  let reference: UnsafePointer<Float>
  let slope: Float
  let lower: Float

  @inline(__always)
  func callAsFunction(_ sums: Vector, _ place: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector {
    (repeated(slope) * sums).replacing(with: sums, where: load(reference + place) .> repeated(lower))
  }
}
