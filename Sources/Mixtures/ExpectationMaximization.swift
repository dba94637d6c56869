import BenchCore
import Foundation
import Tensor

/// EM for one class's mixture of probabilistic principal component analysers (Tipping and Bishop 1999, appendix C),
/// with a prior of the covariances.
///
/// An iteration first maximises weights and means given the responsibilities, then, with the new means, makes one EM
/// step of loadings and noise: both raise the (penalised) likelihood, and no d x d matrix is ever formed.
struct ExpectationMaximization {
  let images: ClassImages
  let prior: CovariancePrior?
  let settings: MixtureSettings
  private(set) var components: [MixtureComponent]
  /// Mean log-density per image before each iteration, and after the last, in nats.
  private(set) var logLikelihoods: [Double] = []
  /// The same plus the log-prior's share per image: what never falls.
  private(set) var objectives: [Double] = []

  init(_ images: ClassImages, components: [MixtureComponent], prior: CovariancePrior?, settings: MixtureSettings) {
    self.images = images
    self.components = components
    self.prior = prior
    self.settings = settings
  }

  /// Iterates until an iteration gains less than the tolerance.
  /// - Parameter progress: called after each iteration.
  /// - Throws: `LinearAlgebraError`, what `progress` throws, and `CancellationError`.
  mutating func run(progress: () throws -> Void) throws {
    for _ in 0...settings.maximumIterations {
      let sums = try expectation()
      let count = Double(images.count)
      logLikelihoods.append(sums.logLikelihood / count)
      objectives.append(
        (sums.logLikelihood + (prior.map { prior in components.reduce(0) { $0 + prior.logDensity(of: $1) } } ?? 0))
          / count)
      if let gain = gain, gain < settings.tolerance * Double(images.dimension) { return }
      guard logLikelihoods.count <= settings.maximumIterations else { return }
      try maximize(sums)
      try progress()
    }
  }

  private var gain: Double? {
    objectives.count < 2 ? nil : objectives[objectives.count - 1] - objectives[objectives.count - 2]
  }

  /// Sums over images that the maximisation needs, per component; y = x - mean, a = U y, r the responsibility.
  private struct Sums {
    var logLikelihood = 0.0
    /// sum r.
    var weights: [Double]
    /// sum r |y|^2.
    var energies: [Double]
    /// sum r y, d each.
    var residuals: [[Float]]
    /// sum r a, k each.
    var coordinates: [[Double]]
    /// sum r a y', k x d each.
    var products: [[Float]]
  }

  /// One pass over the images.
  /// - Throws: `CancellationError`.
  private func expectation() throws -> Sums {
    let d = images.dimension
    let block = min(images.count, ClassImages.blockSize)
    var sums = Sums(
      weights: components.map { _ in 0 }, energies: components.map { _ in 0 },
      residuals: components.map { _ in [Float](repeating: 0, count: d) },
      coordinates: components.map { [Double](repeating: 0, count: $0.factors) },
      products: components.map { [Float](repeating: 0, count: $0.factors * d) })
    var projection = BlockProjection(components: components, blockSize: block)
    try images.forEachBlock { range, pixels in
      projection.evaluate(pixels, count: range.count)
      for row in 0..<range.count {
        let total = logSumExp(components.indices.map { projection.weighted[$0 * block + row] })
        sums.logLikelihood += total
        for index in components.indices {
          projection.weighted[index * block + row] = exp(projection.weighted[index * block + row] - total)
        }
      }
      for index in components.indices {
        accumulate(index, pixels, count: range.count, projection, &sums)
      }
    }
    return sums
  }

  /// Adds one block's share to the sums of component `index`, skipping images it is not responsible for.
  private func accumulate(
    _ index: Int, _ pixels: UnsafePointer<Float>, count: Int, _ projection: BlockProjection, _ sums: inout Sums
  ) {
    let d = images.dimension
    let component = components[index]
    let k = component.factors
    let block = projection.blockSize
    let rows = (0..<count).filter { projection.weighted[index * block + $0] > 1e-12 }
    guard !rows.isEmpty else { return }
    var residuals = [Float](repeating: 0, count: rows.count * d)
    var coordinates = [Float](repeating: 0, count: rows.count * k)
    let responsibilities = rows.map { Float(projection.weighted[index * block + $0]) }
    for (position, row) in rows.enumerated() {
      let responsibility = projection.weighted[index * block + row]
      let energy = residuals.withUnsafeMutableBufferPointer {
        subtract(component.mean, from: pixels + row * d, count: d, into: $0.baseAddress! + position * d)
      }
      sums.weights[index] += responsibility
      sums.energies[index] += responsibility * energy
      for factor in 0..<k {
        let coordinate = responsibility * Double(projection.coordinates[index][row * k + factor])
        coordinates[position * k + factor] = Float(coordinate)
        sums.coordinates[index][factor] += coordinate
      }
    }
    BLAS.multiply(
      rows: rows.count, columns: d, residuals, transposeA: true, responsibilities, beta: 1,
      into: &sums.residuals[index])
    guard k > 0 else { return }
    BLAS.multiply(
      m: k, n: d, k: rows.count, coordinates, transposeA: true, residuals, beta: 1, into: &sums.products[index])
  }

  private mutating func maximize(_ sums: Sums) throws {
    var updated: [MixtureComponent] = []
    for index in components.indices where sums.weights[index] > 1e-6 {
      // A component that explains no image is dropped: its weight is zero, so the likelihood does not change.
      updated.append(try maximized(index, sums))
    }
    let total = updated.reduce(0) { $0 + $1.weight }
    for index in updated.indices { updated[index].weight /= total }
    components = updated
  }

  private func maximized(_ index: Int, _ sums: Sums) throws -> MixtureComponent {
    var component = components[index]
    let d = component.dimension
    let k = component.factors
    let weight = sums.weights[index]
    let priorImages = prior?.images ?? 0
    let total = weight + priorImages
    // Weights are normalised by the caller.
    component.weight = weight
    let shift = sums.residuals[index].map { Double($0) / weight }
    for pixel in 0..<d { component.mean[pixel] = Float(Double(component.mean[pixel]) + shift[pixel]) }
    let shiftSquared = shift.reduce(0) { $0 + $1 * $1 }
    let trace = (sums.energies[index] - weight * shiftSquared + priorImages * (prior?.trace ?? 0)) / total

    // W = scales U, the rows of W being the loadings in the usual sense: W' W + v I = C. Then W S, S the weighted
    // covariance about the new mean: sum r (x - mean') a' = sum r y a' - shift (sum r a)'.
    let scales = component.variances.map { max(0, $0 - component.noiseVariance).squareRoot() }
    let loadings = component.loadingsMatrix
    var product = Matrix(rows: k, columns: d)
    for row in 0..<k {
      let coordinate = sums.coordinates[index][row]
      for pixel in 0..<d {
        product[row, pixel] = Double(sums.products[index][row * d + pixel]) - coordinate * shift[pixel]
      }
    }
    if let prior { product = product + prior.images * prior.covariance(timesRows: loadings) }
    for row in 0..<k {
      for pixel in 0..<d { product[row, pixel] *= scales[row] / total }
    }
    // M = W W' + v I = diag(variances), since U is orthonormal. In the paper's columns the new W is
    // S W (v I + M^-1 W' S W)^-1; the inverse equals (v M + W' S W)^-1 M, which has a symmetric matrix to invert.
    var normal = product.times(loadings, transposingOther: true)
    for row in 0..<k {
      for column in 0..<k { normal[row, column] *= scales[column] }
    }
    for row in 0..<k {
      for column in 0..<row {
        let mean = 0.5 * (normal[row, column] + normal[column, row])
        normal[row, column] = mean
        normal[column, row] = mean
      }
      normal[row, row] += component.noiseVariance * component.variances[row]
    }
    var mixing = try normal.symmetricInverse().inverse
    for row in 0..<k {
      for column in 0..<k { mixing[row, column] *= component.variances[column] }
    }
    let updated = mixing.times(product, transposingSelf: true)
    var explained = 0.0
    for row in 0..<k {
      explained +=
        zip(product.row(row), updated.row(row)).reduce(0) { $0 + $1.0 * $1.1 } / component.variances[row]
    }
    let noise = max(MixtureSettings.varianceFloor, (trace - explained) / Double(d))
    return try component.replacingCovariance(loadings: updated, noiseVariance: noise)
  }
}

extension MixtureComponent {
  /// The component with covariance W' W + noise I, W's rows being any k vectors: orthonormalised by the
  /// eigenvectors of W W'.
  fileprivate func replacingCovariance(loadings: Matrix, noiseVariance: Double) throws -> MixtureComponent {
    var component = self
    let (values, vectors) = try loadings.times(loadings, transposingOther: true).symmetricEigendecomposition()
    // A factor whose variance has vanished beside the noise would have no direction.
    let kept = values.prefix { $0 > 1e-9 * noiseVariance }.count
    var axes = vectors.prefixColumns(kept).times(loadings, transposingSelf: true)
    for row in 0..<kept {
      let scale = 1 / values[row].squareRoot()
      for pixel in 0..<axes.columns { axes[row, pixel] *= scale }
    }
    component.loadings = Tensor(shape: [kept, axes.columns], scalars: axes.scalars.map(Float.init))
    component.variances = values.prefix(kept).map { $0 + noiseVariance }
    component.noiseVariance = noiseVariance
    return component
  }
}
