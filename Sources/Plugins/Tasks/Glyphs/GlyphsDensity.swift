import BenchCore
import Foundation
import Tensor

/// The distribution of the `glyphs` images, exactly: a digit's block on the left, a letter's on the right, independent.
///
/// `logDensities` holds the signal block's subspace alone, log sum_q w_cq N(h; m_q, S_q + sigma^2 I) + (d/2) log(2 pi):
/// the part off the subspace and the whole distractor block are the same for every class and omitted. Hence the logits of
/// the Bayes classifier do not respond to anything off the manifold. The class-conditional scores do contain both:
///
///     left   -U sum_q p(q | h, c) P_q (h - m_q) - off / (s^2 + sigma^2)
///     right  the score of the distractor block, a mixture over the letters
package struct GlyphsDensity: ClassConditionalDensity {
  package let id = "glyphs-exact"
  package let imageShape: Shape = [1, GlyphRendering.side, 2 * GlyphRendering.side]
  /// Uniform.
  package let logPriors: [Double]

  let signal: GaussianBlock
  let distractor: GaussianBlock
  package let fingerprint: String?
  /// Where what all classes need of images that are measured is kept.
  private var shared: SharedArrays?

  init(constants: GlyphsConstants = GlyphsConstants()) throws {
    signal = try GaussianBlock(
      drawings: GlyphAlphabet.digits, confusable: GlyphAlphabet.confusableDigits, half: constants.signal,
      constants: constants)
    distractor = try GaussianBlock(
      drawings: GlyphAlphabet.letters, confusable: [], half: constants.distractor, constants: constants)
    logPriors = [Double](repeating: -log(Double(signal.classCount)), count: signal.classCount)
    fingerprint = signal.digest + distractor.digest
  }

  package func sharing(_ numbers: SharedArrays) -> any ClassConditionalDensity {
    var copy = self
    copy.shared = numbers
    return copy
  }

  package func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    var result: [Double] = []
    for image in 0..<images.batch {
      result += try signal.evaluate(halves(of: images.item(image)).left, noise: noise).logDensities
    }
    return Matrix(rows: images.batch, columns: classCount, scalars: result)
  }

  package func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    let classes = classCount
    let count = images.batch
    let (logDensities, gradients) = try combinedGradients(.score, at: images, noise: noise) { _ in
      (0..<classes).map { index in
        var weights = Matrix(rows: count, columns: classes)
        for row in 0..<count { weights[row, index] = 1 }
        return weights
      }
    }
    var scores: [Float] = []
    scores.reserveCapacity(count * classes * imageShape.count)
    for image in 0..<count {
      for gradient in gradients { scores += gradient.item(image) }
    }
    return (
      logDensities, Tensor(shape: imageShape.prepending(classes).prepending(count), scalars: scores)
    )
  }

  package func combinedGradients(
    _ gradient: ClassGradient, at images: Tensor, noise: Double, weights: (_ logDensities: Matrix) throws -> [Matrix]
  ) throws -> (logDensities: Matrix, gradients: [Tensor]) {
    let (logDensities, classGradients) = try signalGradients(at: images, noise: noise)
    let weights = try weights(logDensities)
    let common = try gradient == .score ? classIndependentScores(at: images, noise: noise) : nil
    let half = signal.pixels
    let gradients = weights.map { weights in
      Tensor(shape: images.shape) { output in
        for image in 0..<images.batch {
          let weight = weights.row(image)
          var left = signal.vector(
            ofCoordinates: signal.combinedCoordinates(classGradients.row(image), weights: weight))
          var right = [Double](repeating: 0, count: distractor.pixels)
          if let common = common?.row(image) {
            let total = weight.reduce(0, +)
            for pixel in left.indices { left[pixel] += total * common[common.startIndex + pixel] }
            for pixel in right.indices { right[pixel] = total * common[common.startIndex + half + pixel] }
          }
          join(left, right, into: output, image: image)
        }
      }
    }
    return (logDensities, gradients)
  }

  /// log p_sigma(x) in nats, all classes equally likely, no constant omitted.
  /// - Parameter images: `[N, 1, 20, 40]`.
  package func logDensity(at images: Tensor, noise: Double) throws -> [Double] {
    try (0..<images.batch).map { try logDensity(of: images.item($0).map(Double.init), noise: noise) }
  }

  /// The same for the pixels of one image in double precision.
  func logDensity(of pixels: [Double], noise: Double) throws -> Double {
    let (left, right) = halves(of: pixels)
    return try signal.logDensity(left, noise: noise) + distractor.logDensity(right, noise: noise)
  }

  /// The signal block's log-densities, N x K, and their gradients in the coordinates of its subspace, N x K d.
  private func signalGradients(
    at images: Tensor, noise: Double
  ) throws -> (logDensities: Matrix, gradients: Matrix) {
    let columns = [classCount, classCount * signal.dimension]
    // Not for the next model: 18 MB for 2,000 images and a noise level take half as long to read as to compute.
    let numbers = try kept("class-gradients", .now, at: images, noise: noise, columns: columns) {
      let evaluations = try (0..<images.batch).map { image in
        try signal.evaluate(halves(of: images.item(image)).left, noise: noise)
      }
      return [
        Matrix(rows: images.batch, columns: columns[0], scalars: evaluations.flatMap(\.logDensities)),
        Matrix(rows: images.batch, columns: columns[1], scalars: evaluations.flatMap(\.gradients)),
      ]
    }
    return (numbers[0], numbers[1])
  }

  /// What `logDensities` omits of the class-conditional scores: N x the left block's pixels and then the right one's.
  private func classIndependentScores(at images: Tensor, noise: Double) throws -> Matrix {
    let columns = signal.pixels + distractor.pixels
    return try kept("class-independent", [.now, .later], at: images, noise: noise, columns: [columns]) {
      let scores = try (0..<images.batch).flatMap { try classIndependentScore(images.item($0), noise: noise) }
      return [Matrix(rows: images.batch, columns: columns, scalars: scores)]
    }[0]
  }

  private func classIndependentScore(_ pixels: ArraySlice<Float>, noise: Double) throws -> [Double] {
    let (left, right) = halves(of: pixels)
    let signalVariance = signal.offManifoldVariance(noise: noise)
    let signalScore = signal.offManifoldPart(left, coordinates: signal.coordinates(ofPixels: left)).map {
      -$0 / signalVariance
    }

    let letters = try distractor.evaluate(right, noise: noise)
    let onManifold = distractor.vector(
      ofCoordinates: distractor.combinedCoordinates(letters.gradients[...], weights: softmax(letters.logDensities)))
    let variance = distractor.offManifoldVariance(noise: noise)
    let off = distractor.offManifoldPart(right, coordinates: letters.coordinates)
    return signalScore + zip(onManifold, off).map { $0 - $1 / variance }
  }

  /// What three measurements ask for at every noise level.
  private func kept(
    _ kind: String, _ reuse: SharedArrays.Reuse, at images: Tensor, noise: Double, columns: [Int],
    compute: () throws -> [Matrix]
  ) throws -> [Matrix] {
    guard let shared, let fingerprint else { return try compute() }
    return try shared.arrays(
      kind, of: [fingerprint, "\(noise)"], at: images, reuse: reuse,
      isValid: { $0.compactMap(\.doubles).map { [$0.rows, $0.columns] } == columns.map { [images.batch, $0] } }
    ) { try compute().map(KeptArray.doubles) }.compactMap(\.doubles)
  }

  /// The two blocks of an image given row by row.
  private func halves<Scalar: BinaryFloatingPoint>(
    of pixels: some Collection<Scalar>
  ) -> (left: [Double], right: [Double]) {
    let side = GlyphRendering.side
    var left: [Double] = []
    var right: [Double] = []
    left.reserveCapacity(side * side)
    right.reserveCapacity(side * side)
    for (index, pixel) in pixels.enumerated() {
      if index % (2 * side) < side { left.append(Double(pixel)) } else { right.append(Double(pixel)) }
    }
    return (left, right)
  }

  /// The inverse of `halves`, into place `image` of a batch.
  func join(_ left: [Double], _ right: [Double], into output: UnsafeMutableBufferPointer<Float>, image: Int) {
    let side = GlyphRendering.side
    let start = image * 2 * side * side
    for y in 0..<side {
      for x in 0..<side {
        output[start + y * 2 * side + x] = Float(left[y * side + x])
        output[start + y * 2 * side + side + x] = Float(right[y * side + x])
      }
    }
  }
}
