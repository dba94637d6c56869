import Tensor

/// The log-densities of a block of images under a list of components, by matrix products over the block.
///
/// For sums over a data set, whose blocks are fixed; single images that must not depend on their neighbours go through
/// `MixtureProjection`.
struct BlockProjection {
  let blockSize: Int
  /// log of weight times density: component-major, `blockSize` values each.
  var weighted: [Double]
  /// U (x - mean) of each component, `blockSize` x k.
  private(set) var coordinates: [[Float]]
  private let components: [MixtureComponent]
  private let convolved: [ConvolvedComponent]
  private var residuals: [Float]

  init(components: [MixtureComponent], blockSize: Int) {
    self.components = components
    self.blockSize = blockSize
    convolved = components.map { ConvolvedComponent($0, noise: 0) }
    weighted = [Double](repeating: 0, count: blockSize * components.count)
    coordinates = components.map { [Float](repeating: 0, count: blockSize * $0.factors) }
    residuals = [Float](repeating: 0, count: blockSize * (components.first?.dimension ?? 0))
  }

  /// - Parameter pixels: count x d, count at most `blockSize`.
  mutating func evaluate(_ pixels: UnsafePointer<Float>, count: Int) {
    precondition(count <= blockSize)
    for (index, component) in components.enumerated() {
      let d = component.dimension
      var energies = [Double](repeating: 0, count: count)
      residuals.withUnsafeMutableBufferPointer { residuals in
        for row in 0..<count {
          energies[row] = subtract(
            component.mean, from: pixels + row * d, count: d, into: residuals.baseAddress! + row * d)
        }
      }
      let k = component.factors
      if k > 0 {
        BLAS.multiply(
          m: count, n: k, k: d, residuals, component.loadings.scalars, transposeB: true, into: &coordinates[index])
      }
      coordinates[index].withUnsafeBufferPointer { coordinates in
        // An empty buffer has no base address, and a component without factors reads none.
        var none: Float = 0
        for row in 0..<count {
          weighted[index * blockSize + row] =
            coordinates.baseAddress.map {
              convolved[index].weightedLogDensity(energy: energies[row], coordinates: $0 + row * k)
            } ?? convolved[index].weightedLogDensity(energy: energies[row], coordinates: &none)
        }
      }
    }
  }
}
