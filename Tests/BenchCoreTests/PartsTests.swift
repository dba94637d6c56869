import Foundation
import JSON
import Synchronization
import Tensor
import Testing

@testable import BenchCore

@Suite struct WorkShareTests {
  /// Every piece of every model belongs to one process, whatever the numbers are.
  @Test func sharesAreAllWorkOnce() {
    for (items, count) in [(1, 1), (1, 5), (3, 2), (3, 7), (60, 64), (60, 7), (64, 64), (2, 1)] {
      for pieces in [1, 2, 5, 32, 33] {
        var seen = [[Int]](repeating: [], count: items)
        for index in 1...count {
          for item in 0..<items {
            guard let share = WorkShare(shard: index, of: count, item: item, among: items) else { continue }
            seen[item] += share.range(of: pieces)
          }
        }
        #expect(seen == [[Int]](repeating: Array(0..<pieces), count: items), "\(items) models, \(count) shards")
      }
    }
  }

  /// A model is loaded by as few processes as can be.
  @Test func shardsAreContiguous() {
    for index in 1...4 {
      let models = (0..<8).filter { WorkShare(shard: index, of: 4, item: $0, among: 8) != nil }
      #expect(models == [2 * index - 2, 2 * index - 1])
    }
    #expect(WorkShare.everything.range(of: 7) == 0..<7)
    let last = WorkShare(
      shard: WorkShare.mostShares, of: WorkShare.mostShares, item: WorkShare.mostItems - 1, among: WorkShare.mostItems)
    #expect(last?.range(of: 1 << 40) == 0..<1 << 40)
  }
}

/// An evaluation in parts against the same at once.
@Suite struct EvaluationPartsTests {
  /// Counts what is asked of it.
  private final class CountingClassifier: Classifier {
    let base = fragileClassifier(strength: 2)
    let gradientCalls = Atomic<Int>(0)
    let logitCalls = Atomic<Int>(0)
    /// The gradient call that fails; 0 for none.
    let failing = Atomic<Int>(0)
    struct Killed: Error {}

    var inputShape: Shape { base.inputShape }
    var classCount: Int { base.classCount }

    func logits(_ images: Tensor) throws -> Tensor {
      logitCalls.add(1, ordering: .relaxed)
      return try base.logits(images)
    }

    func inputGradients(
      at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
    ) throws -> (logits: Tensor, gradients: [Tensor]) {
      let call = gradientCalls.add(1, ordering: .relaxed).newValue
      if call == failing.load(ordering: .relaxed) { throw Killed() }
      return try base.inputGradients(at: images, cotangents: cotangents)
    }
  }

  private struct Case {
    var task: any BenchmarkTask
    var configuration = toyConfiguration(images: 200)
    var subject: EvaluationSubject

    var evaluation: Evaluation { Evaluation(task: task, configuration: configuration) }
  }

  /// Everything that a block can hold: a standard, a second reference.
  private func full(_ classifier: any Classifier = fragileClassifier(strength: 2)) throws -> Case {
    Case(
      task: try ReferencedTask(fittedToyTask(), secondReference: SecondReferenceTests.ToyPosteriorScore()),
      subject: EvaluationSubject(
        classifier: classifier, record: toyRecord(), task: "toy",
        standard: StandardModel(id: "twin", sha256: nil, classifier: ToyDensity.bayesClassifier())))
  }

  private func exact(_ classifier: any Classifier = fragileClassifier(strength: 2)) -> Case {
    Case(task: ToyTask(), subject: EvaluationSubject(classifier: classifier, record: toyRecord(), task: "toy"))
  }

  private func withPlace<Value>(_ body: (PartPlace) throws -> Value) throws -> Value {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("parts-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    return try body(PartPlace(root: root, machine: "this"))
  }

  /// Of result and samples, but for the provenance.
  private func bytes(_ outcome: EvaluationOutcome) throws -> [Data] {
    var result = outcome.result
    result.provenance = Provenance(
      toolVersion: "0", createdAt: "2000-01-01T00:00:00Z", elapsedSeconds: 0, host: .init(cpu: "none", threads: 1))
    return [try ResultFile.encode(result), try SampleFile.encode(outcome), Data("\(outcome.notes)".utf8)]
  }

  private func measure(_ shard: Int, of count: Int, _ work: Case, _ place: PartPlace) throws -> (Int, Int) {
    let share = try #require(WorkShare(shard: shard, of: count, item: 0, among: 1))
    let found = try work.evaluation.measure(share, of: work.subject, in: place, progress: SilentProgress())
    return (found.present, found.total)
  }

  @Test(arguments: [[1], [2, 1], [3, 1, 5, 2, 4, 2]], [true, false])
  func partsMakeTheSameBytes(_ order: [Int], isExact: Bool) throws {
    var work = isExact ? exact() : try full()
    let whole = try work.evaluation.run(work.subject)
    try withPlace { place in
      for (run, shard) in order.enumerated() {
        // Neither threads nor batches are part of a definition.
        work.configuration.threads = 1 + run % 2
        _ = try measure(shard, of: order.max() ?? 1, work, place)
      }
      let merged = try work.evaluation.merge(work.subject, from: place, progress: SilentProgress())
      #expect(try bytes(merged) == bytes(whole))
      #expect(isExact || merged.samples.columns.contains { $0.name.hasPrefix(RegimeRuleV2.standardColumn("")) })
      #expect(isExact || merged.samples[SampleColumn.second(SampleColumn.correct)] != nil)
    }
  }

  @Test func whatIsThereIsNotMeasuredAgain() throws {
    try withPlace { place in
      let classifier = CountingClassifier()
      let work = exact(classifier)
      let found1 = try measure(1, of: 2, work, place)
      #expect(found1 == (0, 2))
      let calls = classifier.gradientCalls.load(ordering: .relaxed)
      #expect(calls >= 2)
      let found2 = try measure(1, of: 2, work, place)
      #expect(found2 == (2, 2))
      #expect(classifier.gradientCalls.load(ordering: .relaxed) == calls)
      // Also under another division, and the logits of all images are those that the first one left.
      let before = classifier.logitCalls.load(ordering: .relaxed)
      let found3 = try measure(1, of: 1, work, place)
      #expect(found3 == (2, 4))
      #expect(classifier.gradientCalls.load(ordering: .relaxed) == 2 * calls)
      let fresh = CountingClassifier()
      try withPlace { _ = try measure(2, of: 2, exact(fresh), $0) }
      let blocks = 4
      #expect(
        classifier.logitCalls.load(ordering: .relaxed) - before
          == fresh.logitCalls.load(ordering: .relaxed) - blocks)
    }
  }

  /// A process that dies in the middle of its share leaves the blocks that it had finished.
  @Test func aDeadShardLeavesWhatItHad() throws {
    try withPlace { place in
      let classifier = CountingClassifier()
      classifier.failing.store(4, ordering: .relaxed)
      let work = exact(classifier)
      #expect(throws: CountingClassifier.Killed.self) { try measure(1, of: 1, work, place) }
      do {
        _ = try work.evaluation.merge(work.subject, from: place, progress: SilentProgress())
        Issue.record("merged what is not there")
      } catch let error as MissingParts {
        let kind = try #require(error.kinds.first)
        #expect(error.kinds.count == 1 && kind.count == 4 && kind.pieces.contains(3))
        #expect("\(error)".contains("toy-bayes: parts are missing: measurements of images "), "\(error)")
        #expect("\(error)".contains(" to 199 (\(kind.pieces.count) of 4 parts)"), "\(error)")
      }
      #expect(try measure(1, of: 1, work, place).0 >= 1)
      let merged = try work.evaluation.merge(work.subject, from: place, progress: SilentProgress())
      #expect(try bytes(merged) == bytes(try exact().evaluation.run(work.subject)))
    }
  }

  @Test func damagedPartsAreMissing() throws {
    try withPlace { place in
      let work = try full()
      _ = try measure(1, of: 1, work, place)
      let folder = place.root.appendingPathComponent("toy/toy-bayes/evaluation")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names.count { $0.hasPrefix("block-") } == 4 && names.count { $0.hasPrefix("standard-0") } == 4)
      #expect(names.count == 11, "\(names)")
      // Cut, changed in a bit, of other images, empty.
      let first = folder.appendingPathComponent("block-0000000-0000063.safetensors")
      let second = folder.appendingPathComponent("block-0000064-0000127.safetensors")
      let whole = try Data(contentsOf: first)
      var changed = whole
      changed[changed.count - 9] ^= 1
      let lastBlock = try Data(contentsOf: folder.appendingPathComponent("block-0000192-0000199.safetensors"))
      for damaged in [whole.prefix(whole.count / 2), changed, lastBlock, Data()] {
        try damaged.write(to: first)
        #expect(throws: MissingParts.self) {
          try work.evaluation.merge(work.subject, from: place, progress: SilentProgress())
        }
        let (present, total) = try measure(1, of: 1, work, place)
        #expect(present == total - 1)
        #expect(try Data(contentsOf: first) == whole)
      }
      // Logits that are damaged are computed again, by the merge too.
      try Data("x".utf8).write(to: folder.appendingPathComponent("logits.safetensors"))
      _ = try work.evaluation.merge(work.subject, from: place, progress: SilentProgress())
      // Sound, but somebody else's.
      try withPlace { other in
        var otherWork = work
        otherWork.configuration.seed = 4
        _ = try measure(1, of: 1, otherWork, other)
        let foreign = other.root.appendingPathComponent("toy/toy-bayes/evaluation/\(second.lastPathComponent)")
        try FileManager.default.removeItem(at: second)
        try FileManager.default.copyItem(at: foreign, to: second)
        #expect(throws: PartError.otherPart(file: second.path)) {
          try work.evaluation.merge(work.subject, from: place, progress: SilentProgress())
        }
      }
    }
  }

  /// A part of another definition is refused with what differs, by shards and merge.
  @Test func otherDefinitionsAreRefused() throws {
    try withPlace { place in
      let work = exact()
      _ = try measure(1, of: 2, work, place)
      var seed = work
      seed.configuration.seed = 4
      var draws = work
      draws.configuration.robustnessDraws = 2
      var tool = work
      tool.configuration.toolVersion = "0.0.1-test"
      var checkpoint = work
      checkpoint.subject.record.checkpoint = .init(
        file: "a.pt", sha256: String(repeating: "a", count: 64), bytes: 1, format: "pytorch-zip")
      var task = work
      task.task = fittedToyTask()
      for (other, difference) in [
        (seed, "settings.seed is 4, was 3"), (draws, "settings.robustnessDraws is 2, was 1"),
        (tool, "toolVersion is \"0.0.1-test\", was \"0.0.0-test\""), (checkpoint, "model.sha256 is \"aaaa"),
        (task, "density.isExact is false, was true"),
      ] {
        for body in [
          { _ = try measure(2, of: 2, other, place) },
          { _ = try other.evaluation.merge(other.subject, from: place, progress: SilentProgress()) },
        ] {
          do {
            try body()
            Issue.record("\(difference) was not refused")
          } catch let error as PartError {
            #expect("\(error)".contains(difference) && "\(error)".contains("choose another --parts"), "\(error)")
          }
        }
      }
      // What only the judgement needs may differ.
      var resamples = work
      resamples.configuration.resamples = 50
      resamples.subject.record.name = "Another name"
      let found4 = try measure(2, of: 2, resamples, place)
      #expect(found4 == (0, 2))
    }
  }

  @Test func machinesOfDifferentKindsAreNamed() throws {
    final class Notes: ProgressReporter {
      let texts = Mutex<[String]>([])
      func begin(_ stage: String, total: Int) {}
      func advance(by units: Int) throws {}
      func note(_ text: String) { texts.withLock { $0.append(text) } }
    }
    try withPlace { place in
      let (work, notes) = (exact(), Notes())
      _ = try measure(1, of: 2, work, place)
      _ = try measure(2, of: 2, work, PartPlace(root: place.root, machine: "that"))
      _ = try work.evaluation.merge(work.subject, from: place, progress: notes)
      let texts = notes.texts.withLock { $0 }
      #expect(texts.count == 1 && texts[0].contains("machines of different kinds (that; this)"), "\(texts)")
    }
  }

  @Test func namesThatAreNoFoldersAreRefused() throws {
    try withPlace { place in
      var work = exact()
      for name in ["../up", "a/b", "", ".hidden"] {
        work.subject.record.id = name
        #expect(throws: PartError.noName(name)) { try measure(1, of: 1, work, place) }
      }
      #expect(!FileManager.default.fileExists(atPath: place.root.path))
    }
  }
}
