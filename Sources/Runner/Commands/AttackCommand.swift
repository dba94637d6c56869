import ArgumentParser
import Attacks
import BenchCore
import Checkpoints
import Foundation
import JSON
import Networks
import Plugins
import Tensor

/// `pags-bench attack`: how much images have to be changed until a model is wrong.
struct AttackCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack", abstract: "Attacks a model: robust accuracy, and each image's smallest radius.",
    discussion: """
      Looks for the smallest change of each image that makes the model wrong: along a grid of radii, with carry-over, and by \
      bisection; prints robust accuracy at the radii that others report, the median of the smallest radii (epsilon_50) and \
      whether gradients can be trusted (docs/attacks.md). An attack finds upper bounds: another may find less.

      Nothing is written but what --adversarial names. The same seed gives the same numbers, whatever --batch and --threads are. \
      With --verify no attack is run: a file of attacked images, of whatever making, is measured.
      """)

  @Argument(
    help: "The model's checkpoint or model.json, or `bayes`, `bayes:SIGMA` or `margin`; may be left out with --plugin.",
    completion: .file())
  var checkpoint: String?

  @Option(
    help: "Task whose images are attacked. (default: the task of the model's description, otherwise glyphs)",
    completion: .list(PagsBench.plugins.tasks.map { $0.id }))
  var task: String?

  @OptionGroup var dataOptions: DataOptions

  @OptionGroup var cache: CacheOptions

  @OptionGroup var attackOptions: AttackOptions

  @Option(help: "Number of images, the first ones of the task.")
  var images: Int = 200

  @Option(help: "Seed of everything that is random.")
  var seed: UInt64 = 0

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup(title: "In parts, for several processes (docs/cluster.md)") var parts: PartOptions

  @OptionGroup var options: ModelOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  func validate() throws {
    try OptionBounds.check("--images", images, in: OptionBounds.images)
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    if let task { _ = try TaskLookup.plugin(task) }
    if parts.parts != nil, attackOptions.verify != nil {
      throw ValidationError("--verify runs no attack that --parts could keep")
    }
    try options.program.check(hasCheckpoint: checkpoint != nil)
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    let files = ProjectFiles.locate() ?? ProjectFiles(root: URL(fileURLWithPath: "."))
    let source = try ModelSource(checkpoint, options: options, files: files)
    let start = Date()
    try checkAdversarial(apartFrom: source)
    let target = try AttackTarget(
      source, task: task, data: dataOptions.data, cache: cache.folder, images: images, seed: seed, options: options,
      progress: progress)
    for warning in target.warnings { CommandLineOutput.note(warning) }
    let measurement = try RobustnessMeasurement(
      classifier: target.subject.classifier, set: target.set, range: attackOptions.noClip ? nil : target.pixelRange,
      seed: seed, threads: options.threads)
    try parts.begin()
    let entries: [RobustnessEntry]
    do {
      entries =
        try attackOptions.verify.map { try verified($0, measurement, target, progress) }
        ?? attacked(measurement, target, progress)
    } catch is CancellationError where parts.measures {
      progress.end()
      throw parts.stopped()
    }
    progress.end()
    guard parts.merges else { return }
    try Interruption.check()
    let report = AttackReport(
      model: target.subject.record, task: target.record, robustness: entries,
      provenance: .since(
        start, toolVersion: PagsBench.version, threads: options.threads,
        device: Engine.device(of: target.subject.classifier)))
    try reporting.result(report, text: report.text)
  }

  /// Looks whether the attacked images can be written.
  /// - Throws: `OutputPlaceError`.
  func checkAdversarial(apartFrom source: ModelSource) throws {
    guard let path = attackOptions.adversarial else { return }
    try OutputPlace.check(
      URL(fileURLWithPath: path), as: .attackedImages,
      apartFrom: [
        OutputPlace.Input("the model", checkpoint), OutputPlace.Input("the description", options.network.model),
      ]
        + (source.candidate?.inputs ?? []))
  }

  private func attacked(
    _ measurement: RobustnessMeasurement, _ target: AttackTarget, _ progress: TerminalProgress
  ) throws -> [RobustnessEntry] {
    let owner = RobustnessMeasurement.Owner(
      model: target.subject.record, task: target.pluginID, toolVersion: PagsBench.version)
    let checks = !attackOptions.noChecks
    var missing: [MissingPartsReport] = []
    let entries = try attackOptions.attacks().compactMap { attack -> RobustnessEntry? in
      let plan = try attackOptions.plan(of: attack, on: target)
      let found: RobustnessMeasurement.Outcome?
      do {
        found = try parts.outcome(
          of: "\(target.subject.record.id), \(attack.id)", at: 0, among: 1, quiet: reporting.quiet,
          whole: { try measurement.run(plan, checksMasking: checks, progress: progress) },
          part: {
            try measurement.measure($0, of: plan, checksMasking: checks, for: owner, in: $1, progress: progress)
          },
          merged: { try measurement.merge(plan, checksMasking: checks, for: owner, from: $0, progress: progress) })
      } catch let error as MissingPartsReport {
        missing.append(error)
        return nil
      }
      guard let outcome = found else { return nil }
      if let path = attackOptions.adversarial {
        try Interruption.check()
        try Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent())
        try SafetensorsWriter.write(
          [TensorToWrite("images", outcome.images)],
          metadata: ["model": target.subject.record.id, "attack": attack.id, "images": target.record.digest], to: path)
        if !reporting.quiet { CommandLineOutput.note("wrote \(path)") }
      }
      return outcome.entry
    }
    if let report = MissingPartsReport(missing) { throw report }
    return entries
  }

  /// In both norms.
  private func verified(
    _ path: String, _ measurement: RobustnessMeasurement, _ target: AttackTarget, _ progress: TerminalProgress
  ) throws -> [RobustnessEntry] {
    let given = try InputImages.read(path, needingLabels: false).images
    return try [AttackNorm.linf, .l2].map { norm in
      let radii =
        attackOptions.givenRadii ?? AttackRadii(norm, task: target.taskID, pixels: target.set.images.stride)
      let result = try measurement.verify(given, file: path, norm: norm, radii: radii, progress: progress)
      if result.outside > 0, norm == .linf {
        CommandLineOutput.note(
          "\(path): \(result.outside) of \(given.batch) images have pixels that the task's images cannot have and do not count; "
            + "pass --no-clip to count them")
      }
      return result.entry
    }
  }
}

extension AttackCommand: DeviceCommand {
  var batch: Int? { options.batch }
  var servingProgram: String? { options.program.plugin }
}
