import Foundation
import Tensor

/// One half of an image: a Gaussian for each drawing, all on one common subspace, with isotropic noise off it.
///
///     x = mu0 + U h + s n_off,   h | c ~ N(m_c, S_c),   n_off ~ N(0, I - U U')
///
/// S_c collects what the drawing could be confused with: the other drawings' means (rho), eight deformations of its own
/// (translation, rotation, stretch, shear, thickness, bend), a smooth background and tau^2 I. U spans the leading
/// directions of the covariance averaged over the classes, so the drawings' differences, most of the deformations and
/// most of the background. As all classes have the same noise off the subspace, only h says anything about the class.
///
/// U comes from an eigendecomposition, hence is defined only up to a rotation and up to the last bits of a LAPACK:
/// everything seen from outside depends on the subspace alone.
final class GaussianBlock: Sendable {
  /// Pixels of the half.
  let pixels = GlyphRendering.side * GlyphRendering.side
  /// The mean of the drawings, mu0.
  let center: [Double]
  /// U', d x pixels, orthonormal rows.
  let basis: Matrix
  /// m_c, K x d.
  let means: Matrix
  /// S_c, each d x d.
  let covariances: [Matrix]
  /// Their symmetric square roots S_c^(1/2).
  let roots: [Matrix]
  /// s.
  let offManifoldNoise: Double
  /// Precisions by noise level.
  let precisions = NoiseLevelCache<Precisions>()

  var classCount: Int { means.rows }
  /// d.
  var dimension: Int { basis.rows }

  /// - Parameters:
  ///   - drawings: one list of strokes for each class.
  ///   - dimension: d, at most the rank of the averaged covariance.
  init(drawings: [[GlyphStroke]], dimension: Int, constants: GlyphsConstants) throws {
    let classes = drawings.count
    let rendered = drawings.map { GlyphRendering.render($0) }
    let deformations = drawings.map { Self.deformations(of: $0, scale: constants.deformation) }
    let background = Self.background(constants)

    var center = [Double](repeating: 0, count: pixels)
    for drawing in rendered {
      for pixel in 0..<pixels { center[pixel] += drawing[pixel] }
    }
    center = center.map { $0 / Double(classes) }
    let differences = Matrix(
      rows: classes, columns: pixels, scalars: rendered.flatMap { zip($0, center).map { $0 - $1 } })

    // Covariance of the whole mixture: between the classes and, averaged, within them.
    let rhoSquared = constants.crosstalk * constants.crosstalk
    var total =
      ((1 + rhoSquared * Double(classes)) / Double(classes)) * differences.times(differences, transposingSelf: true)
      + background.times(background, transposingSelf: true)
    let stacked = Matrix(
      rows: classes * deformations[0].rows, columns: pixels, scalars: deformations.flatMap(\.scalars))
    total = total + (1 / Double(classes)) * stacked.times(stacked, transposingSelf: true)
    let basis = try total.symmetricEigendecomposition().vectors.prefixColumns(dimension).transposed

    self.center = center
    self.basis = basis
    self.offManifoldNoise = constants.offManifoldNoise
    self.means = differences.times(basis, transposingOther: true)
    let seenBackground = background.times(basis, transposingOther: true)
    let shared =
      rhoSquared * means.times(means, transposingSelf: true)
      + seenBackground.times(seenBackground, transposingSelf: true)
      + (constants.ridge * constants.ridge) * Matrix.identity(dimension)
    self.covariances = deformations.map { deformation in
      let seen = deformation.times(basis, transposingOther: true)
      return shared + seen.times(seen, transposingSelf: true)
    }
    self.roots = try covariances.map(Self.symmetricRoot)
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

  /// Smooth clouds: the two-dimensional cosine modes (DCT-II) below `backgroundModes`, one a row, with amplitude
  /// beta / (1 + (i^2 + j^2) / k0^2).
  private static func background(_ constants: GlyphsConstants) -> Matrix {
    let side = GlyphRendering.side
    let modes = (0..<constants.backgroundModes).map { mode -> [Double] in
      let wave = (0..<side).map { cos(Double.pi * Double(mode) * (Double($0) + 0.5) / Double(side)) }
      let norm = wave.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return wave.map { $0 / norm }
    }
    var scalars: [Double] = []
    for (i, vertical) in modes.enumerated() {
      for (j, horizontal) in modes.enumerated() {
        let squared = Double(i * i + j * j)
        let amplitude =
          constants.backgroundAmplitude / (1 + squared / (constants.backgroundCutoff * constants.backgroundCutoff))
        for y in vertical {
          for x in horizontal { scalars.append(amplitude * y * x) }
        }
      }
    }
    return Matrix(rows: modes.count * modes.count, columns: side * side, scalars: scalars)
  }
}
