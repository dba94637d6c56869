import Tensor

/// Working memory for the gradients of components' log-densities, one image at a time.
struct GradientScratch {
  private var residual: [Float]
  private var scaled: [Float]

  init(components: [MixtureComponent]) {
    residual = [Float](repeating: 0, count: components[0].dimension)
    scaled = [Float](repeating: 0, count: components.reduce(0) { max($0, $1.factors) })
  }

  /// Adds responsibility times the gradient of a component's log-density.
  /// - Parameters:
  ///   - image: d pixels.
  ///   - coordinates: its U (x - mean).
  mutating func addGradient(
    of component: MixtureComponent, _ convolved: ConvolvedComponent, at image: UnsafeBufferPointer<Float>,
    coordinates: ArraySlice<Float>, responsibility: Double, to score: inout [Float]
  ) {
    guard let pixels = image.baseAddress else { return }
    let d = component.dimension
    _ = subtract(component.mean, from: pixels, count: d, into: &residual)
    let off = Float(-responsibility * convolved.offPrecision)
    residual.withUnsafeBufferPointer { residual in
      score.withUnsafeMutableBufferPointer { score in
        for index in 0..<d { score[index] += off * residual[index] }
      }
    }
    guard component.factors > 0 else { return }
    for (index, coordinate) in coordinates.enumerated() {
      scaled[index] = Float(-responsibility * convolved.precisionChanges[index] * Double(coordinate))
    }
    BLAS.multiply(
      rows: component.factors, columns: d, component.loadings.scalars, transposeA: true, scaled, beta: 1, into: &score)
  }
}
