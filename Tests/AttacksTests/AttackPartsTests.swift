import BenchCore
import Foundation
import Tensor
import Testing

@testable import Attacks

/// An attack in parts against the same at once.
@Suite struct AttackPartsTests {
  private let classifier = LinearClassifier(shape: [1, 5, 5], classes: 3, seed: 4)

  /// Every fifth image is misclassified as it is.
  private func measurement(_ images: Int = 21) throws -> RobustnessMeasurement {
    let right = classifier.images(images)
    let labels = right.labels.enumerated().map { $0.offset % 5 == 0 ? ($0.element + 1) % 3 : $0.element }
    let set = ImageSet(name: "uniform", split: "test", images: right.images, labels: labels)
    return try RobustnessMeasurement(classifier: classifier, set: set, range: 0...1, seed: 3, threads: 2)
  }

  private let owner = RobustnessMeasurement.Owner(
    model: ModelRecord(
      id: "linear", name: "Linear", checkpoint: nil, plugin: .init(id: "test", version: "1"), architecture: "linear",
      parameters: 78, preprocessing: .identity(channels: 1)), task: "uniform", toolVersion: "0")

  private func plan(_ id: String, reported: [Double]) throws -> AttackPlan {
    let attack = try AttackCatalogue.make(id, .init(steps: 5, restarts: nil, queries: 20))
    return AttackPlan(
      attack, radii: AttackRadii(reported: reported.map { .init(radius: $0) }, grid: [0.002, 0.02]), tolerance: 0.1)
  }

  private func withPlace(_ body: (PartPlace) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("parts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    try body(PartPlace(root: root, machine: "this"))
  }

  private func share(_ index: Int, _ count: Int) throws -> WorkShare {
    try #require(WorkShare(shard: index, of: count, item: 0, among: 1))
  }

  /// At a radius that is known the checks for masked gradients are made part by part; otherwise the merge makes them.
  @Test(arguments: ["pgd-linf", "pgd-l2", "square-l2", "spatial-flow"], [[0.01], []])
  func partsMakeTheSame(_ id: String, reported: [Double]) throws {
    let (measurement, plan) = (try measurement(), try plan(id, reported: reported))
    let whole = try measurement.run(plan, checksMasking: true, progress: SilentProgress())
    #expect((whole.entry.masking == nil) == (plan.attack.norm == .spatial))
    #expect(whole.entry.radii.contains(0) && whole.entry.radii.contains { $0 != 0 })
    for order in [[1], [2, 1], [4, 1, 5, 3, 2, 1]] {
      try withPlace { place in
        for index in order {
          _ = try measurement.measure(
            share(index, order.max() ?? 1), of: plan, checksMasking: true, for: owner, in: place,
            progress: SilentProgress())
        }
        let merged = try measurement.merge(
          plan, checksMasking: true, for: owner, from: place, progress: SilentProgress())
        #expect(merged.entry == whole.entry && merged.images == whole.images, "\(id) in \(order)")
      }
    }
  }

  @Test func partsAreKeptNamedAndRefused() throws {
    let (measurement, plan) = (try measurement(), try plan("pgd-l2", reported: [0.01]))
    try withPlace { place in
      func measure(_ index: Int, _ plan: AttackPlan) throws -> [Int] {
        let found = try measurement.measure(
          share(index, 3), of: plan, checksMasking: true, for: owner, in: place, progress: SilentProgress())
        return [found.present, found.total]
      }
      #expect(try measure(1, plan) == [0, 1])
      #expect(try measure(1, plan) == [1, 1])
      #expect(try measure(3, plan) == [0, 1])
      #expect(
        throws: MissingParts(
          model: "linear", kinds: [.init(what: "pgd-l2", pieces: [1], count: 3, images: [8..<16])])
      ) {
        try measurement.merge(plan, checksMasking: true, for: owner, from: place, progress: SilentProgress())
      }
      do {
        _ = try measure(2, try self.plan("pgd-l2", reported: [0.02]))
        Issue.record("another radius was not refused")
      } catch let error as PartError {
        #expect("\(error)".contains("checkedRadius is 0.02, was 0.01"), "\(error)")
      }
    }
  }
}
