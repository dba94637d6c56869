import Tensor

/// Working memory for one image at a time: residuals and coordinates of a class's components.
struct ImageScratch {
  private let d: Int
  private let largestFactors: Int
  private var residuals: [Float]
  private var coordinates: [Float]
  private var scaled: [Float]

  /// Room for as many components at a time as `components` has.
  init(components: [MixtureComponent]) {
    d = components[0].dimension
    largestFactors = components.reduce(0) { max($0, $1.factors) }
    residuals = []
    coordinates = []
    scaled = [Float](repeating: 0, count: largestFactors)
  }

  /// Projects the image on a component and keeps residual and coordinates in `slot` for `addGradient`.
  /// - Returns: log of the component's weight times its density.
  mutating func project(
    _ image: UnsafePointer<Float>, on component: MixtureComponent, _ convolved: ConvolvedComponent, slot: Int
  ) -> Double {
    if residuals.count < (slot + 1) * d {
      residuals.append(contentsOf: repeatElement(0, count: (slot + 1) * d - residuals.count))
      coordinates.append(contentsOf: repeatElement(0, count: (slot + 1) * (largestFactors + 1) - coordinates.count))
    }
    return residuals.withUnsafeMutableBufferPointer { residuals in
      coordinates.withUnsafeMutableBufferPointer { coordinates in
        let residual = residuals.baseAddress! + slot * d
        let coordinate = coordinates.baseAddress! + slot * (largestFactors + 1)
        let energy = subtract(component.mean, from: image, count: d, into: residual)
        if component.factors > 0 {
          BLAS.multiply(rows: component.factors, columns: d, component.loadings.scalars, residual, into: coordinate)
        }
        return convolved.weightedLogDensity(energy: energy, coordinates: coordinate)
      }
    }
  }

  /// Adds responsibility times the gradient of the log-density of the component last projected in `slot`.
  mutating func addGradient(
    of component: MixtureComponent, _ convolved: ConvolvedComponent, slot: Int, responsibility: Double,
    to score: UnsafeMutablePointer<Float>
  ) {
    let off = Float(-responsibility * convolved.offPrecision)
    for index in 0..<d { score[index] += off * residuals[slot * d + index] }
    guard component.factors > 0 else { return }
    for index in 0..<component.factors {
      scaled[index] = Float(
        -responsibility * convolved.precisionChanges[index]
          * Double(coordinates[slot * (largestFactors + 1) + index]))
    }
    BLAS.multiply(
      rows: component.factors, columns: d, component.loadings.scalars, transposeA: true, scaled, beta: 1, into: score)
  }
}
