import Foundation
import Tensor
import Testing

@testable import BenchCore

/// What made confusion matrices say.
@Suite struct ConfusionMatrixTests {
  private static let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

  /// 100 images of each class; `share` of them go to `goal`, the rest to all classes by turns.
  private func matrix(share: Double, _ goal: (Int) -> Int) -> ConfusionMatrix {
    ConfusionMatrix(
      counts: (0..<10).map { label in
        var row = [Int](repeating: 0, count: 10)
        let count = Int((100 * share).rounded())
        row[goal(label)] += count
        for index in 0..<100 - count { row[(label + index) % 10] += 1 }
        return row
      }, classNames: Self.names)
  }

  @Test("rotated classes are told, of a good and of a poor network", arguments: [0.95, 0.4])
  func rotation(_ share: Double) throws {
    let matrix = matrix(share: share) { ($0 + 1) % 10 }
    let permutation = try #require(matrix.permutation)
    #expect(permutation.classes == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, ($0 + 1) % 10) }))
    #expect(permutation.accuracy >= share)
    let text = try #require(matrix.diagnosis.first)
    #expect(text.contains("A class permutation would give accuracy") && text.contains("all are rotated by 1"))
    #expect(text.contains("class 0 (airplane) as class 1 (automobile)") && text.contains("and 6 more so"))
  }

  @Test("two exchanged classes are told although accuracy is far above chance")
  func exchange() throws {
    let matrix = matrix(share: 0.9) { $0 == 3 ? 5 : $0 == 5 ? 3 : $0 }
    #expect(matrix.permutation?.classes == [3: 5, 5: 3])
    #expect(matrix.diagnosis.first?.contains("class 3 (cat) as class 5 (dog)") == true)
    #expect(matrix.diagnosis.first?.contains("rotated") == false)
  }

  @Test("a network that classifies, well or hardly, is left alone", arguments: [1, 0.6, 0.3, 0.15])
  func right(_ share: Double) {
    #expect(matrix(share: share) { $0 }.diagnosis.isEmpty)
  }

  @Test("one class for everything, nothing at all, and classes that were merged are told apart")
  func causes() throws {
    let constant = try #require(matrix(share: 0.95) { _ in 8 }.diagnosis.first)
    #expect(constant.contains("are classified as class 8 (ship)") && constant.contains("scale"))
    let unrelated = try #require(matrix(share: 0) { $0 }.diagnosis.first)
    #expect(unrelated.contains("nothing to do with the labels") && unrelated.contains("BGR"))
    let merged = try #require(matrix(share: 1) { $0 < 5 ? 6 : 2 }.diagnosis.first)
    #expect(merged.contains("several classes to one prediction"))
  }

  @Test("few images, few classes and none")
  func small() {
    #expect(ConfusionMatrix(counts: [[0, 0], [0, 0]], classNames: ["0", "1"]).diagnosis.isEmpty)
    #expect(ConfusionMatrix(counts: [[0, 2], [1, 1]], classNames: ["0", "1"]).permutation == nil)
    let swapped = ConfusionMatrix(counts: [[2, 48], [47, 3]], classNames: ["0", "1"])
    #expect(swapped.permutation?.classes == [0: 1, 1: 0] && swapped.permutation?.accuracy == 0.95)
    #expect(swapped.diagnosis.first?.contains("class 0 as class 1") == true)
    // Chance makes large shares of few images, and no permutation of them.
    let random = RandomStream(seed: 2, name: "confusion")
    for trial in 0..<50 {
      var counts = [[Int]](repeating: [Int](repeating: 0, count: 10), count: 10)
      for (image, prediction) in random.integers(item: trial, count: 40, below: 10).enumerated() {
        counts[image % 10][prediction] += 1
      }
      #expect(ConfusionMatrix(counts: counts, classNames: Self.names).permutation == nil, "trial \(trial)")
    }
  }

  @Test("probabilities of exactly 1 are counted as float32 has them")
  func saturation() {
    let logits = Tensor(shape: [4, 2], scalars: [0, 0, 10, 0, 0, 30, 3e38, -3e38])
    #expect(Saturation.count(logits) == 2 && Saturation.notes(logits).isEmpty)
    let more = Tensor(shape: [3, 2], scalars: [100, 0, 0, 0, 0, 50])
    #expect(Saturation.notes(more).first?.contains("2 of 3 images") == true)
  }
}

/// Gradients that are not those of the logits.
@Suite struct GradientPlausibilityTests {
  /// logit k = sum of w(k, i) tanh(x_i), and what is made of its derivative.
  private struct Model: Classifier {
    let inputShape: Shape = [1, 4, 5]
    let classCount = 3
    /// On the gradient of each pixel.
    let factor: @Sendable (Int) -> Float
    var weight: Float = 1

    private func weight(_ k: Int, _ i: Int) -> Float { weight * (Float((7 * k + 3 * i) % 5) - 2) }

    func logits(_ images: Tensor) throws -> Tensor {
      Tensor(
        shape: [images.batch, 3],
        scalars: (0..<images.batch).flatMap { image in
          (0..<3).map { k in
            images.item(image).enumerated().reduce(Float(0)) { $0 + weight(k, $1.offset) * tanh($1.element) }
          }
        })
    }

    func inputGradients(
      at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
    ) throws -> (logits: Tensor, gradients: [Tensor]) {
      let logits = try logits(images)
      let gradients = try cotangents(logits, 0..<images.batch).map { vector in
        Tensor(
          shape: images.shape,
          scalars: (0..<images.batch).flatMap { image in
            images.item(image).enumerated().map { i, x in
              let v = Array(vector.item(image))
              let sum = (0..<3).reduce(Float(0)) { $0 + v[$1] * weight($1, i) }
              return factor(i) * sum * (1 - tanh(x) * tanh(x))
            }
          })
      }
      return (logits, gradients)
    }
  }

  private func notes(weight: Float = 1, _ factor: @escaping @Sendable (Int) -> Float) throws -> [String] {
    let random = RandomStream(seed: 5, name: "plausibility")
    let images = Tensor(
      shape: [11, 1, 4, 5], scalars: (0..<11).flatMap { random.uniforms(item: $0, count: 20).map(Float.init) })
    return try GradientPlausibility(classifier: Model(factor: factor, weight: weight), images: images).notes()
  }

  @Test("the derivative itself is left alone, whatever the logits' scale", arguments: [1, 100, 1e-3])
  func right(_ weight: Float) throws {
    #expect(try notes(weight: weight) { _ in 1 }.isEmpty)
  }

  @Test("zero, masked, divided and reversed gradients are told")
  func wrong() throws {
    #expect(try notes { _ in 0 }.first?.contains("zero at every pixel of the first 8 images, although") == true)
    #expect(try notes { $0 < 10 ? 0 : 1 }.first?.contains("zero at 10 of 20 pixels") == true)
    #expect(try notes { _ in 8 }.first?.contains("it is not the derivative of these logits") == true)
    #expect(try notes { _ in -1 }.first?.contains("by -1") == true)
    #expect(try notes(weight: 0) { _ in 1 }.first?.contains("do not change with their pixels either") == true)
  }
}
