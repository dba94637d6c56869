import Digests
import Foundation
import Tensor
import Text

/// One half of an image: a mixture of Gaussians for each class, all on one common subspace, with isotropic noise off it.
///
///     x = mu0 + U h + s n_off,   h | q ~ N(m_q, S_q),   q | c ~ w_cq,   n_off ~ N(0, I - U U')
///
/// q is what is drawn: the class's own drawing, or one halfway between two classes, which both may have made. S_q collects
/// what a drawing could be confused with: the other drawings' means (rho), eight deformations of its own (translation,
/// rotation, stretch, shear, thickness, bend), a smooth background and tau^2 I. U spans the leading directions of
/// the covariance averaged over the classes, so the drawings' differences, most of the deformations and most of
/// the background. As everything has the same noise off the subspace, only h says anything about the class.
///
/// U comes from an eigendecomposition, hence is defined only up to a rotation and up to the last bits of a LAPACK:
/// everything seen from outside depends on the subspace alone.
final class GaussianBlock: Sendable {
  /// Pixels of the half.
  let pixels = GlyphRendering.side * GlyphRendering.side
  /// The mean of the classes' own drawings, mu0.
  let center: [Double]
  /// U', d x pixels, orthonormal rows.
  let basis: Matrix
  /// m_q, Q x d: first the classes' own drawings, then those halfway.
  let means: Matrix
  /// S_q, each d x d.
  let covariances: [Matrix]
  /// Their symmetric square roots S_q^(1/2).
  let roots: [Matrix]
  /// w_cq = p(q | c), K x Q.
  let weights: Matrix
  /// s.
  let offManifoldNoise: Double
  /// Precisions by noise level.
  let precisions = NoiseLevelCache<Precisions>()

  /// SHA-256 of all the numbers it consists of.
  var digest: String {
    var hash = SHA256()
    for values in [center, basis.scalars, means.scalars, weights.scalars, [offManifoldNoise]]
      + covariances.map(\.scalars)
    {
      hash.update(data: Data("\(values.count)\n".utf8))
      values.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    return hash.finalize().hexadecimal
  }

  /// K.
  var classCount: Int { weights.rows }
  /// Q.
  var drawingCount: Int { means.rows }
  /// d.
  var dimension: Int { basis.rows }

  /// - Parameters:
  ///   - drawings: one list of strokes for each class.
  ///   - confusable: pairs of classes that a drawing may lie halfway between.
  ///   - half: its dimension is at most the rank of the averaged covariance.
  /// - Throws: `LinearAlgebraError`.
  init(
    drawings: [[GlyphStroke]], confusable: [(Int, Int)], half: GlyphsConstants.Half, constants: GlyphsConstants
  ) throws {
    let classes = drawings.count
    let rendered = drawings.map { GlyphRendering.render($0).map { constants.contrast * $0 } }
    let deformations = drawings.map {
      Self.deformations(of: $0, scale: constants.contrast * constants.deformation)
    }
    let background = Self.background(half, cutoff: constants.backgroundCutoff)

    var center = [Double](repeating: 0, count: pixels)
    for drawing in rendered {
      for pixel in 0..<pixels { center[pixel] += drawing[pixel] }
    }
    center = center.map { $0 / Double(classes) }
    let differences = Matrix(
      rows: classes, columns: pixels, scalars: rendered.flatMap { zip($0, center).map { $0 - $1 } })

    // Covariance of the mixture of the classes' own drawings: between the classes and, averaged, within them.
    let rhoSquared = constants.crosstalk * constants.crosstalk
    var total =
      ((1 + rhoSquared * Double(classes)) / Double(classes)) * differences.times(differences, transposingSelf: true)
      + background.times(background, transposingSelf: true)
    let stacked = Matrix(
      rows: classes * deformations[0].rows, columns: pixels, scalars: deformations.flatMap(\.scalars))
    total = total + (1 / Double(classes)) * stacked.times(stacked, transposingSelf: true)
    let basis = try total.symmetricEigendecomposition().vectors.prefixColumns(half.dimension).transposed

    self.center = center
    self.basis = basis
    self.offManifoldNoise = constants.offManifoldNoise
    let own = differences.times(basis, transposingOther: true)
    let between = confusable.flatMap { first, second in
      zip(own.row(first), own.row(second)).map { 0.5 * ($0 + $1) }
    }
    self.means = Matrix(
      rows: classes + confusable.count, columns: half.dimension, scalars: own.scalars + between)
    let seenBackground = background.times(basis, transposingOther: true)
    let shared =
      rhoSquared * own.times(own, transposingSelf: true)
      + seenBackground.times(seenBackground, transposingSelf: true)
      + (constants.ridge * constants.ridge) * Matrix.identity(half.dimension)
    // Halfway between two drawings deform the mean of their deformations.
    let halfway = confusable.map { first, second in 0.5 * (deformations[first] + deformations[second]) }
    self.covariances = (deformations + halfway).map { deformation in
      let seen = deformation.times(basis, transposingOther: true)
      return shared + seen.times(seen, transposingSelf: true)
    }
    self.roots = try covariances.map(Self.symmetricRoot)

    var weights = Matrix(rows: classes, columns: classes + confusable.count)
    for label in 0..<classes { weights[label, label] = 1 }
    for (place, pair) in confusable.enumerated() {
      for label in [pair.0, pair.1] {
        weights[label, classes + place] = constants.halfwayProbability
        weights[label, label] -= constants.halfwayProbability
      }
    }
    self.weights = weights
  }

  /// V L^(1/2) V' of a positive definite V L V'.
  private static func symmetricRoot(of covariance: Matrix) throws -> Matrix {
    let (values, vectors) = try covariance.symmetricEigendecomposition()
    var scaled = vectors
    for row in 0..<scaled.rows {
      for column in 0..<scaled.columns { scaled[row, column] *= values[column].squareRoot() }
    }
    return scaled.times(vectors, transposingOther: true)
  }

  /// Each deformation's effect on the drawing at one standard deviation, by central differences over one standard
  /// deviation, times `scale`: 8 x pixels.
  private static func deformations(of drawing: [GlyphStroke], scale: Double) -> Matrix {
    let effects = GlyphDeformation.standardDeviations.flatMap { deformation -> [Double] in
      let forward = GlyphRendering.render(drawing, 0.5 * deformation)
      let backward = GlyphRendering.render(drawing, -0.5 * deformation)
      return zip(forward, backward).map { scale * ($0 - $1) }
    }
    return Matrix(
      rows: GlyphDeformation.standardDeviations.count, columns: GlyphRendering.side * GlyphRendering.side,
      scalars: effects)
  }

  /// Clouds: the two-dimensional cosine modes (DCT-II) below `backgroundModes`, one a row, with amplitude
  /// beta / (1 + (i^2 + j^2) / k0^2).
  private static func background(_ half: GlyphsConstants.Half, cutoff: Double) -> Matrix {
    let side = GlyphRendering.side
    let modes = (0..<half.backgroundModes).map { mode -> [Double] in
      let wave = (0..<side).map { cos(Double.pi * Double(mode) * (Double($0) + 0.5) / Double(side)) }
      let norm = wave.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return wave.map { $0 / norm }
    }
    var scalars: [Double] = []
    for (i, vertical) in modes.enumerated() {
      for (j, horizontal) in modes.enumerated() {
        let amplitude = half.backgroundAmplitude / (1 + Double(i * i + j * j) / (cutoff * cutoff))
        for y in vertical {
          for x in horizontal { scalars.append(amplitude * y * x) }
        }
      }
    }
    return Matrix(rows: modes.count * modes.count, columns: side * side, scalars: scalars)
  }
}
