import BenchCore
import Foundation
import Tensor
import Testing

@testable import Training

/// On images whose class is a bright row, 1, 3 or 5 of 8.
@Suite struct DiffROARTests {
  /// Logit k is the sum of one row.
  private struct RowSums: Classifier {
    let rows: [Int]
    let inputShape: Shape = [1, 8, 8]
    var classCount: Int { rows.count }

    func logits(_ images: Tensor) -> Tensor {
      Tensor(
        shape: [images.batch, classCount],
        scalars: (0..<images.batch).flatMap { image in
          let pixels = Array(images.item(image))
          return rows.map { pixels[($0 * 8)..<($0 * 8 + 8)].reduce(0, +) / 8 }
        })
    }

    func inputGradients(
      at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
    ) throws -> (logits: Tensor, gradients: [Tensor]) {
      let logits = logits(images)
      let gradients = try cotangents(logits, 0..<images.batch).map { vectors in
        Tensor(
          shape: images.shape,
          scalars: (0..<images.batch).flatMap { image -> [Float] in
            let vector = Array(vectors.item(image))
            return (0..<64).map { place in rows.firstIndex(of: place / 8).map { vector[$0] / 8 } ?? 0 }
          })
      }
      return (logits, gradients)
    }
  }

  private static func measurement(threads: Int = 2, seed: UInt64 = 0) throws -> DiffROAR {
    var configuration = TrainingConfiguration()
    configuration.task = TinyTask().id
    configuration.width = 4
    configuration.batch = 16
    configuration.epochs = 6
    configuration.seed = seed
    return try DiffROAR(
      configuration, shares: [0.375], runs: 1, testImages: 120, task: TinyTask(), options: TaskOptions(threads: threads)
    )
  }

  @Test("a model that looks at the rows teaches, one that looks beside them does not")
  func signalAndNoise() throws {
    let measurement = try Self.measurement()
    #expect(measurement.trainImages == 200 && measurement.testImages == 120)
    #expect(try measurement.unmasked()[0] > 0.9)
    let knowing = try measurement.curve(of: .gradient(RowSums(rows: [1, 3, 5]), id: "knowing"), name: "knowing")[0]
    // Three rows of eight, and nothing of the label in the others.
    #expect(knowing.top[0] > 0.9 && knowing.bottom[0] < 0.6, "\(knowing)")
    let deceived = try measurement.curve(of: .gradient(RowSums(rows: [0, 2, 4]), id: "deceived"), name: "deceived")[0]
    #expect(deceived.top[0] < 0.6 && deceived.bottom[0] > deceived.top[0], "\(deceived)")
  }

  @Test func numbersDoNotDependOnThreads() throws {
    let curves = try [1, 3].map { try Self.measurement(threads: $0).curve(of: .blurredRandom, name: "blurred") }
    #expect(curves[0] == curves[1])
  }

  @Test func topAndBottomShareAnImageBetweenThem() throws {
    let images = try #require(try TinyTask().images(.training, TaskOptions(), count: 70, seed: 1))
    func order(_ source: AttributionOrder.Source, split: String = "training", threads: Int = 1) throws
      -> AttributionOrder
    {
      try AttributionOrder(of: source, on: images, seed: 3, split: split, threads: threads)
    }
    let order1 = try order(.random)
    let others = [try order(.random, split: "test"), try order(.blurredRandom)]
    for image in [0, 33, 69] {
      let (top, bottom) = (order1.kept(image, share: 0.25, top: true), order1.kept(image, share: 0.75, top: false))
      #expect(top.count == 16 && bottom.count == 48 && Set(top).union(bottom) == Set(0..<64))
      #expect(
        try order(.random, threads: 3).kept(image, share: 1, top: true) == order1.kept(image, share: 1, top: true))
      for other in others {
        #expect(other.kept(image, share: 0.5, top: true) != order1.kept(image, share: 0.5, top: true))
      }
      // Nothing is left, and everything.
      #expect(order1.kept(image, share: 0, top: true).isEmpty && order1.kept(image, share: 1, top: false).count == 64)
    }
    // The largest gradients are those of the rows; of equal ones the first coordinate comes first.
    let gradient = try order(.gradient(RowSums(rows: [1, 3, 5]), id: "rows"))
    #expect(Set(gradient.kept(5, share: 0.375, top: true).map { Int($0) / 8 }) == [1, 3, 5])
    #expect(Array(gradient.kept(5, share: 0.125, top: false)) == Array(56..<64))
  }

  @Test func masksKeepWhatTheySay() throws {
    let images = try #require(try TinyTask().images(.training, TaskOptions(), count: 4, seed: 1))
    let order = try AttributionOrder(of: .random, on: images, seed: 0, split: "training", threads: 1)
    let masked = MaskedImages(images: images, order: order, share: 0.25, top: true, fill: 7)
    #expect(masked.labels == images.labels && masked.count == 4 && masked.imageShape == [1, 8, 8])
    let (before, after) = (Array(try images.images(2..<3).scalars), Array(try masked.images(2..<3).scalars))
    let kept = Set(order.kept(2, share: 0.25, top: true).map(Int.init))
    for place in 0..<64 { #expect(after[place] == (kept.contains(place) ? before[place] : 7)) }
  }
}
