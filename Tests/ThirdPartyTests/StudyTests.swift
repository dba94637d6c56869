import BenchCore
import Foundation
import Plugins
import Testing

/// Somebody else's model on their task, with their metric, through the one function of an evaluation.
@Suite struct StudyTests {
  /// That of docs/library.md.
  private func study(_ path: String) throws -> EvaluationOutcome {
    var options = EvaluationOptions(toolVersion: "my-study 1")
    options.images = 40
    options.plugins.models.append(PrototypePlugin.self)
    options.metrics.append(SignAgreement())
    options.attacks = ["pgd-l2"]
    let task = try StripesPlugin().make(TaskOptions())
    let outcome = try ModelEvaluation(of: task, options).run(path)
    return outcome
  }

  @Test func pageAndStudyAgree() throws {
    let here = URL(fileURLWithPath: #filePath)
    let page = try String(
      contentsOf: here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/library.md"), encoding: .utf8)
    let source = try String(contentsOf: here, encoding: .utf8)
    let start = try #require(source.range(of: "    var options"))
    let end = try #require(source.range(of: "    return outcome"))
    let study = source[start.lowerBound..<end.lowerBound].replacing("\n    ", with: "\n").dropFirst(4)
    #expect(page.contains(study), "docs/library.md does not hold the study as it is here")
  }

  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("study-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func evaluation() throws {
    try inFolder { folder in
      let checkpoint = folder.appendingPathComponent("means.txt")
      try Data("prototypes 2 1 2 2\n0.3 0.3 0.5 0.5\n0.7 0.7 0.5 0.5\n".utf8).write(to: checkpoint)
      let outcome = try study(checkpoint.path)
      let result = outcome.result
      // A file's name, and the beginning of its digest.
      #expect(result.model.plugin.id == PrototypePlugin.id && result.model.id.hasPrefix("means-"))
      #expect(result.task.id == "stripes")
      #expect(Set(result.measurements.scoreAlignment.map(\.metric)) == ["cosine", "sign-agreement"])
      // The means are those of the classes, so that it is their Bayes classifier.
      #expect(try #require(result.measurements.accuracy.value) > 0.8)
      #expect(outcome.samples.rowCount == 40)
      let robustness = try #require(result.robustness?.first)
      #expect(robustness.attack.id == "pgd-l2" && robustness.radii.count == 40 && robustness.medianRadius.value != nil)
      let place = folder.appendingPathComponent("result.json")
      try ResultFile.write(result, to: place)
      #expect(try ResultFile.read(place).measurements == result.measurements)
      // The same again, whatever is random.
      #expect(try study(checkpoint.path).result.measurements == result.measurements)
    }
  }

  /// Whoever does not add a plugin to the list has no model of its format, and is told what there is.
  @Test func aModelThatNobodyReads() throws {
    try inFolder { folder in
      let checkpoint = folder.appendingPathComponent("means.txt")
      try Data("prototypes 2 1 2 2\n".utf8).write(to: checkpoint)
      let options = EvaluationOptions(toolVersion: "my-study 1")
      let evaluation = try ModelEvaluation(of: StripesPlugin().make(TaskOptions()), options, files: nil)
      #expect { _ = try evaluation.source(checkpoint.path) } throws: { error in
        guard case .noPlugin = error as? ModelLoaderError else { return false }
        return "\(error)".contains("means.txt")
      }
    }
  }

  /// What ships is found by its name, and refused by the same words as on the command line.
  @Test func referencesAndMetricsByName() throws {
    let glyphs = try #require(BuiltinPlugins.all.tasks.first { $0.id == "glyphs" })
    let task = try glyphs.make(TaskOptions())
    var options = EvaluationOptions(toolVersion: "my-study 1")
    options.references.manifold = .plugin(id: "autoencodr", files: ["absent.pt"])
    #expect(throws: ReferenceChoiceError.self) { try ModelEvaluation(of: task, options, files: nil) }
    options = EvaluationOptions(toolVersion: "my-study 1")
    options.attacks = ["pgd-l3"]
    #expect {
      _ = try ModelEvaluation(of: task, options, files: nil)
    } throws: { $0 is EvaluationError && "\($0)".contains("did you mean `pgd-l2`?") }
    let loader = ReferenceLoader(files: nil)
    #expect(try loader.metrics([.plugin(id: "cosine")], for: task).map(\.id) == ["cosine"])
    #expect {
      _ = try loader.metrics([.plugin(id: "cosin")], for: task)
    } throws: { "\($0)".hasPrefix("metric: there is no `cosin`; did you mean `cosine`? known are cosine, ") }
    #expect(throws: EvaluationError.self) {
      try loader.metrics([.plugin(id: "cosine", files: ["a.pt"])], for: task)
    }
  }
}
