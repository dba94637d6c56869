import BenchCore
import Checkpoints
import Conformance
import Foundation
import JSON
import Networks
import Plugins
import Served
import Submissions

/// The long part of a submission: loading, the conformance suite, and the evaluation with the task's defaults.
struct SubmissionMeasurement {
  let candidate: ModelLoader.Candidate
  private let loader: ModelLoader
  private let evaluation: ModelEvaluation
  private let progress: any ProgressReporter

  /// - Parameters:
  ///   - checkpoint: nil where the model is a program without one.
  ///   - choose: changes what is measured beside what every submission is measured with.
  init(
    _ submission: Submission, checkpoint: CheckpointFile?, files: ProjectFiles, data: String?, cache: URL,
    batch: Int?, threads: Int, program: ServerOptions, progress: any ProgressReporter,
    choose: (inout EvaluationOptions) throws -> Void
  ) throws {
    loader = ModelLoader(files, plugins: PagsBench.plugins.models)
    candidate = try loader.find(
      checkpoint?.url.path ?? submission.descriptionURL.path,
      description: checkpoint == nil ? nil : submission.descriptionURL.path, server: program.request)
    let task = try TaskLookup.make(
      submission.description.task ?? "", data: data, cache: cache, threads: threads, progress: progress)
    if let remark = task.dataRemark { throw ResultError.otherData(file: submission.description.id, remark: remark) }
    var options = EvaluationOptions(toolVersion: PagsBench.version)
    options.loading = LoadOptions(batch: batch, threads: threads)
    options.shared = CacheFolder.shared(in: cache)
    options.acceptsOwnStandards = false
    try choose(&options)
    evaluation = try ModelEvaluation(of: task, options, files: files)
    self.progress = progress
  }

  /// - Parameter check: called once it is known what the checkpoint is read as.
  func run(check: (ModelRecord) throws -> Void) throws -> (outcome: EvaluationOutcome, report: LoadReport?) {
    let source = ModelSource.file(candidate, loader: loader)
    // The conformance suite asks for more.
    let loaded = try evaluation.load(source, checksIndependence: false)
    if let model = loaded.model {
      guard !model.preprocessingIsAssumed else {
        throw SubmissionError.assumedNormalisation(file: candidate.checkpoint.name)
      }
      try check(loaded.subject.record)
      try checkConformance(model)
    }
    return (try evaluation.measure(loaded.subject, progress: progress), LoadReport(source, loaded))
  }

  private func checkConformance(_ model: LoadedModel) throws {
    progress.begin("conformance", total: 1)
    let outcome = ModelConformance.outcome(
      model.classifier, alike: try loader.load(candidate, evaluation.loading.withOtherBatchAndThreads).classifier,
      subject: candidate.checkpoint.name,
      images: try evaluation.task.evaluationImages(count: CheckImages.defaultCount, seed: 0).images, seed: 0,
      allowsRounding: model.classifier is ServedClassifier || Engine.backend.needsEqualRuns,
      processor: Engine.device(of: model.classifier) == nil
        ? nil : try Engine.$here.withValue(Engine.host) { try loader.load(candidate, evaluation.loading).classifier })
    try progress.advance(by: 1)
    guard !outcome.passed else { return }
    for line in CheckReport.lines(outcome) { CommandLineOutput.note(line) }
    throw SubmissionError.conformance(
      model: candidate.checkpoint.name, failures: outcome.failures.map(\.requirement.rawValue))
  }
}

/// What `submit` prints.
struct SubmissionReport {
  let id: String
  let task: String
  /// Relative to the leaderboard's folder.
  let added: [String]
  let isDryRun: Bool
  let lines: [String]
  let result: EvaluationResult

  func show(_ reporting: ReportingOptions) throws {
    if reporting.json {
      struct Document: Encodable {
        let id: String
        let task: String
        let written: Bool
        let files: [String]
        let notes: [String]
        let result: EvaluationResult
      }
      // The summary repeats the result.
      let notes = lines.filter { !$0.contains("\n") }
      let document = Document(id: id, task: task, written: !isDryRun, files: added, notes: notes, result: result)
      return try CommandLineOutput.document(document)
    }
    let places = added.map { path in
      "  " + (path.hasPrefix("../") ? String(path.dropFirst(3)) : "leaderboard/" + path)
    }
    let heading = isDryRun ? "would be added (--dry-run: nothing was written)" : "added"
    CommandLineOutput.result((lines + (places.isEmpty ? [] : [heading] + places)).joined(separator: "\n"))
  }
}
