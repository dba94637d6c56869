import Foundation
import Synchronization
import Tensor
import Testing

@testable import BenchCore

/// Gradients combined of four passes against a backward pass per target.
@Suite struct GradientCombinationTests {
  private static let shape: Shape = [1, 2, 5]

  /// Logits as given and a random Jacobian for each image.
  private struct GivenClassifier: Classifier {
    let inputShape = GradientCombinationTests.shape
    let logits: Tensor
    /// Added to every logit's gradient, as a function of x common to all logits would.
    var common: Double = 0
    let passes = Shared()

    final class Shared: Sendable {
      let count = Mutex(0)
    }

    var classCount: Int { logits.shape[1] }

    func jacobian(_ image: Int) -> Matrix {
      let stream = RandomStream(seed: 2, name: "jacobian")
      var matrix = Matrix(
        rows: classCount, columns: inputShape.count,
        scalars: stream.normals(item: image, count: classCount * inputShape.count))
      let shift = RandomStream(seed: 2, name: "common").normals(item: image, count: inputShape.count)
      for row in 0..<classCount {
        for column in 0..<inputShape.count { matrix[row, column] += common * shift[column] }
      }
      return matrix
    }

    func logits(_ images: Tensor) throws -> Tensor { logits }

    func inputGradients(
      at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
    ) throws -> (logits: Tensor, gradients: [Tensor]) {
      let vectors = try cotangents(logits, 0..<images.batch)
      passes.count.withLock { $0 += vectors.count }
      return (
        logits,
        vectors.map { vector in
          Tensor(
            shape: images.shape,
            scalars: (0..<images.batch).flatMap { image in
              let jacobian = jacobian(image)
              return (0..<inputShape.count).map { pixel in
                Float(
                  vector.item(image).enumerated().reduce(0) { $0 + Double($1.element) * jacobian[$1.offset, pixel] })
              }
            })
        }
      )
    }
  }

  /// The target's cotangent and gradient at an image, all in double precision.
  private func expected(
    _ target: GradientTarget, _ classifier: GivenClassifier, image: Int, label: Int
  ) -> (vector: [Double], gradient: [Double]) {
    let z = classifier.logits.item(image).map(Double.init)
    let c = classifier.logits.argmaxOfRows()[image]
    let p = softmax(z)
    func unit(_ index: Int) -> [Double] { z.indices.map { $0 == index ? 1 : 0 } }
    func minus(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map(-) }
    func logProbability(_ index: Int) -> [Double] {
      z.indices.map { k in k == index ? p.indices.filter { $0 != index }.reduce(0) { $0 + p[$1] } : -p[k] }
    }
    let vector: [Double]
    switch target {
    case .logitSum: vector = z.map { _ in 1 }
    case .logitPredicted: vector = unit(c)
    case .logitLabel: vector = unit(label)
    case .logSumExp: vector = p
    case .logProbabilityPredicted: vector = logProbability(c)
    case .logProbabilityLabel: vector = logProbability(label)
    case .logitMargin:
      let rivals = z.indices.filter { $0 != label }
      let largest = rivals.map { z[$0] }.max()
      vector = minus(unit(rivals.first { z[$0] == largest } ?? 0), unit(label))
    case .logOddsPredicted:
      var others = z
      others[c] = -.infinity
      vector = minus(unit(c), softmax(others))
    }
    let jacobian = classifier.jacobian(image)
    return (
      vector,
      (0..<Self.shape.count).map { pixel in vector.indices.reduce(0) { $0 + vector[$1] * jacobian[$1, pixel] } }
    )
  }

  private func norm(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Logits of every kind, and all their labels in turn.
  private static func cases(classes: Int) -> (logits: Tensor, labels: [Int]) {
    let normals = RandomStream(seed: 1, name: "logits")
    var rows: [[Float]] = [0.1, 1, 5, 15].enumerated().flatMap { index, scale in
      (0..<3).map { normals.normals(item: 10 * index + $0, count: classes).map { Float(scale * $0) } }
    }
    // Ties of all, of the two largest, of all but the largest.
    rows.append([Float](repeating: 0.5, count: classes))
    rows.append((0..<classes).map { $0 < classes - 2 ? -1 : 2 })
    rows.append((0..<classes).map { $0 == classes - 1 ? 3 : 1 })
    // p_c is 1 in float32, and in double precision.
    rows.append((0..<classes).map { $0 == 1 ? 25 : Float($0) / 10 })
    rows.append((0..<classes).map { $0 == 0 ? 60 : Float($0) / 10 })
    return (
      Tensor(
        shape: [rows.count * classes, classes], scalars: rows.flatMap { row in (0..<classes).flatMap { _ in row } }),
      rows.flatMap { _ in 0..<classes }
    )
  }

  @Test(arguments: GradientTarget.allCases, [2, 3, 10])
  func theyAreThoseOfAPassPerTarget(_ target: GradientTarget, _ classes: Int) throws {
    let (logits, labels) = Self.cases(classes: classes)
    let classifier = GivenClassifier(logits: logits)
    let images = Tensor(shape: Self.shape.prepending(labels.count), repeating: 0)
    let result = try classifier.checkedGradients(of: [target], at: images, labels: labels, firstImage: 0)
    let gradient = try #require(result.gradients[target])
    for image in labels.indices {
      let reference = expected(target, classifier, image: image, label: labels[image]).gradient
      let error = norm(zip(gradient.item(image), reference).map { Double($0) - $1 })
      // Where p_c is nearly 1 the gradient of its logarithm is tiny, and as exact as any other.
      #expect(error <= 1e-6 * norm(reference), "\(logits.item(image)), label \(labels[image])")
      #expect(norm(gradient.item(image).map(Double.init)) > 0)
    }
  }

  /// What is common to all logits is a thousand times what distinguishes them. Of it an immune target's gradient has what
  /// rounding cotangents to float32 leaves, in proportion to the target's own cotangent, however small that is.
  @Test(arguments: GradientTarget.allCases.filter(\.isShiftInvariant))
  func aCommonFunctionDoesNotDisturb(_ target: GradientTarget) throws {
    let (logits, labels) = Self.cases(classes: 4)
    let images = Tensor(shape: Self.shape.prepending(labels.count), repeating: 0)
    let classifier = GivenClassifier(logits: logits, common: 1000)
    let gradient = try #require(
      try classifier.checkedGradients(of: [target], at: images, labels: labels, firstImage: 0).gradients[target])
    for image in labels.indices {
      let reference = expected(target, GivenClassifier(logits: logits), image: image, label: labels[image])
      let error = norm(zip(gradient.item(image), reference.gradient).map { Double($0) - $1 })
      let common = 1000 * Double(Self.shape.count).squareRoot()
      #expect(error <= 2e-7 * common * norm(reference.vector), "\(logits.item(image)), label \(labels[image])")
    }
  }

  @Test func noMorePassesThanNeeded() throws {
    let (logits, labels) = Self.cases(classes: 3)
    let images = Tensor(shape: Self.shape.prepending(labels.count), repeating: 0)
    func passes(_ targets: [GradientTarget], predicted: [Int]? = nil) throws -> Int {
      let classifier = GivenClassifier(logits: logits)
      let result = try classifier.checkedGradients(
        of: targets, at: images, predicted: predicted, labels: labels, firstImage: 0)
      #expect(Set(result.gradients.keys) == Set(targets))
      return classifier.passes.count.withLock { $0 }
    }
    #expect(try passes(GradientTarget.allCases) == 4)
    #expect(try passes([.logitPredicted, .logOddsPredicted]) == 2)
    #expect(try passes([.logSumExp, .logProbabilityPredicted]) == 2)
    #expect(try passes([.logitPredicted, .logitLabel, .logOddsPredicted]) == 3)
    #expect(try passes([.logProbabilityPredicted]) == 1)
    #expect(try passes([]) == 0)
    // For another's classes each target has its own.
    #expect(try passes(GradientTarget.allCases, predicted: labels) == 8)
  }

  /// No number depends on which other targets were asked for.
  @Test(arguments: GradientTarget.allCases) func aloneAsTogether(_ target: GradientTarget) throws {
    let (logits, labels) = Self.cases(classes: 5)
    let images = Tensor(shape: Self.shape.prepending(labels.count), repeating: 0)
    let classifier = GivenClassifier(logits: logits)
    let alone = try classifier.checkedGradients(of: [target], at: images, labels: labels, firstImage: 0)
    let together = try classifier.checkedGradients(
      of: GradientTarget.allCases, at: images, labels: labels, firstImage: 0)
    #expect(alone.gradients[target] == together.gradients[target])
    #expect(together.logits == logits)
  }

  @Test func whatIsNotFiniteIsNamed() {
    let (logits, labels) = Self.cases(classes: 3)
    var broken = logits
    broken.scalars[7 * 3 + 2] = .nan
    let images = Tensor(shape: Self.shape.prepending(labels.count), repeating: 0)
    #expect {
      try GivenClassifier(logits: broken).checkedGradients(
        of: [.logitLabel], at: images, labels: labels, firstImage: 100)
    } throws: { error in
      "\(error)".contains("logit 2 is nan at image 107")
    }
    #expect {
      try GivenClassifier(logits: logits, common: .infinity).checkedGradients(
        of: [.logSumExp], at: images, labels: labels, firstImage: 100)
    } throws: { error in
      "\(error)".contains("gradient of logsumexp is") && "\(error)".contains("nan at image 100")
    }
  }
}
