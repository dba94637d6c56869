import BenchCore
import Checkpoints
import Foundation
import JSON
import Testing

@testable import Plugins

/// The one way from a model, a task, references and options to a result.
@Suite struct ModelEvaluationTests {
  private static func options() -> EvaluationOptions {
    var options = EvaluationOptions(toolVersion: "0.0.0-test")
    options.images = 12
    options.seed = 3
    return options
  }

  /// Of `tasks calibrate`; nothing checks that a task with an exact density has none.
  private struct Criteria: Encodable {
    var procedure = CriteriaProcedure.version
    var task: String
    var taskVersion: Int
    var dataset: TaskRecord.Dataset
    var criteria: RegimeCriteria
    var robust: [String] = []
  }

  private func criteriaFile(
    _ base: EvaluationResult, in folder: URL, _ change: (inout RegimeCriteria) -> Void
  ) throws -> String {
    var criteria = try #require(try GlyphsTask().criteria)
    change(&criteria)
    let url = folder.appendingPathComponent("mine.json")
    let document = Criteria(
      task: base.task.id, taskVersion: base.task.version, dataset: base.task.dataset, criteria: criteria)
    try JSONEncoding.encode(document).write(to: url)
    return url.path
  }

  @Test func itIsTheEvaluationOfTheLoadedModel() throws {
    let task = try GlyphsPlugin().make(TaskOptions())
    let evaluation = try ModelEvaluation(of: task, Self.options(), files: nil)
    let outcome = try evaluation.run(.bayes(noise: 0.5))
    var subject = try evaluation.load(.bayes(noise: 0.5)).subject
    #expect(subject.record.id == "bayes-0.5" && subject.standard == nil)
    subject.claims = nil
    let direct = try Evaluation(
      task: task,
      configuration: EvaluationConfiguration(
        images: 12, seed: 3, metrics: [Cosine()], toolVersion: "0.0.0-test")
    ).run(subject)
    var (first, second) = (outcome.result, direct.result)
    second.provenance = first.provenance
    // As text: samples that are undefined are NaN, which no number equals.
    #expect(first == second && "\(outcome.samples.columns)" == "\(direct.samples.columns)")
    // Threads concern speed.
    first = try evaluation.with(threads: 2).run(.bayes(noise: 0.5)).result
    first.provenance = second.provenance
    #expect(first == second)
  }

  @Test func criteriaOfAFileAreAppliedAndRecorded() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("evaluation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let task = try GlyphsPlugin().make(TaskOptions())
    let own = try ModelEvaluation(of: task, Self.options(), files: nil).run(.bayes(noise: 0))
    var options = Self.options()
    // So strict that nothing is robust any more.
    options.references.criteria = try criteriaFile(own.result, in: folder) { $0.robustRatio = 0 }
    let judged = try ModelEvaluation(of: task, options, files: nil).run(.bayes(noise: 0))
    #expect(judged.result.task.criteria?.file == "mine.json" && !judged.result.task.hasOwnReferences)
    #expect(judged.result.measurements == own.result.measurements)
    #expect(judged.inputs.criteria?.robustRatio == 0 && own.inputs.criteria?.robustRatio != 0)
    #expect(judged.result.regime != own.result.regime)
  }

  @Test func whatCannotBeHadIsSaid() throws {
    let task = try GlyphsPlugin().make(TaskOptions())
    func refusal(_ change: (inout ReferenceFiles) -> Void) -> String {
      var options = Self.options()
      change(&options.references)
      do {
        _ = try ModelEvaluation(of: task, options, files: nil)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(refusal { $0.manifold = .plugin(id: "autoencodr", files: ["x"]) }.contains("did you mean `autoencoder`?"))
    #expect(refusal { $0.second = .plugin(id: "mixture", files: ["x"]) }.contains("known are denoiser"))
    #expect(refusal { $0.second = .exact }.contains("task's own reference"))
    #expect(refusal { $0.criteria = "absent.json" }.contains("absent.json"))
    #expect(refusal { $0.score = .plugin(id: "denoiser", files: ["absent.pt"]) }.contains("absent.pt"))
    // Those of `glyphs` are exact.
    #expect(refusal { ($0.manifold, $0.score) = (.exact, .exact) } == "none")
    var options = Self.options()
    options.standard = "absent.pt"
    #expect(throws: (any Error).self) { try ModelEvaluation(of: task, options, files: nil).load(.bayes(noise: 0)) }
  }

  @Test func attacksAreAPartOfTheResult() throws {
    let task = try GlyphsPlugin().make(TaskOptions())
    var options = Self.options()
    options.attacks = ["pgd-linf", "spatial-rotation"]
    options.attackedImages = 3
    let plain = try ModelEvaluation(of: task, Self.options(), files: nil).run(.bayes(noise: 0.5)).result
    let result = try ModelEvaluation(of: task, options, files: nil).with(threads: 2).run(.bayes(noise: 0.5)).result
    let robustness = try #require(result.robustness)
    #expect(robustness.map(\.attack.id) == options.attacks && robustness.allSatisfy { $0.radii.count == 3 })
    #expect(robustness.map(\.norm) == [.linf, .spatial] && robustness.map { $0.masking != nil } == [true, false])
    #expect(plain.robustness == nil && plain.regime == result.regime && plain.measurements == result.measurements)
    #expect(ResultValidation.problems(in: result) == [])
    func refusal(_ attacks: [String], images: Int? = nil) -> String {
      options.attacks = attacks
      options.attackedImages = images
      do {
        _ = try ModelEvaluation(of: task, options, files: nil)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(refusal(["pgd-l2", "pgd-l2"]).contains("each once"))
    #expect(refusal(["pgd-l3"]).contains("did you mean `pgd-l2`?"))
    #expect(refusal(["autoattack-linf"]).contains("no radius is customary"))
    #expect(refusal(["pgd-l2"], images: 13).contains("2 to 12"))
    #expect(refusal(["pgd-l2"], images: .min).contains("2 to 12") && refusal(["pgd-l2"], images: 12) == "none")
  }

  @Test func namesOfFilesBecomeIDs() {
    let digest = String(repeating: "0123456789abcdef", count: 4)
    #expect(ModelRecord.id(fromFile: "My Model.final.PT", sha256: digest) == "my-model.final-01234567")
    #expect(ModelRecord.id(fromFile: "..", sha256: digest) == "model-01234567")
    let long = ModelRecord.id(fromFile: String(repeating: "a", count: 300), sha256: digest)
    #expect(ResultValidation.isIdentifier(long) && long.hasSuffix("a-01234567"))
  }
}
