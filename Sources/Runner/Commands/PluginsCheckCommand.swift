import ArgumentParser
import BenchCore
import Conformance
import Foundation
import JSON
import Networks
import Plugins
import Served
import Tensor

extension PluginsCommand {
  /// `pags-bench plugins check`: whether a model can be measured at all.
  struct Check: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks that a model can be measured, and says what each failure means.",
      discussion: """
        Runs the conformance suite: shapes, finite values, the same numbers twice, alone and among other images, from \
        several threads and for any --batch and --threads; logits that depend on the image and are not saturated; input \
        gradients against finite differences along random directions.

        With --score, --manifold or --metric it is these that are checked, and no model: on images of --task, at its noise levels.

        With --device the device's numbers are compared with the processor's, and where they differ by more than rounding is told.

        Images are the task's where its data are at hand (--task, --data), otherwise random pixels. Exit status 1 where \
        something fails.
        """)

    @Argument(help: "The model's checkpoint or model.json; may be left out with --plugin.", completion: .file())
    var checkpoint: String?

    @Option(
      help: "Task whose images to check with. (default: the task of the model's description)",
      completion: .list(PagsBench.plugins.tasks.map { $0.id }))
    var task: String?

    @OptionGroup var dataOptions: DataOptions

    @Option(help: ArgumentHelp("Image size of random pixels, where the network does not tell it.", valueName: "c,h,w"))
    var shape: String?

    @Option(help: "Number of images; each is put through the model about 30 times.")
    var images: Int = CheckImages.defaultCount

    @Option(help: "Seed of images, directions and targets.")
    var seed: UInt64 = 0

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    @OptionGroup var options: ModelOptions

    @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

    @OptionGroup var references: ReferenceCheck

    func validate() throws {
      if references.isAsked {
        guard checkpoint == nil, options.program.plugin == nil else {
          throw ValidationError("--score, --manifold and --metric are checked without a model; leave it out")
        }
        guard let task else {
          throw ValidationError("--score, --manifold and --metric need --task, whose images they are checked on")
        }
        _ = try TaskLookup.plugin(task)
      } else {
        try options.program.check(hasCheckpoint: checkpoint != nil)
      }
      _ = try ImageShapeOption.parse(shape)
      if let task { _ = try TaskLookup.plugin(task) }
      try OptionBounds.check("--images", images, in: 2...10_000)
      try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    }

    func run() throws {
      Interruption.install()
      let progress = TerminalProgress(quiet: reporting.quiet)
      defer { progress.end() }
      if references.isAsked { return try checkReferences(progress) }
      let loader = ModelLoader(ProjectFiles.locate(), plugins: PagsBench.plugins.models)
      let candidate = try loader.find(checkpoint, options)
      let source = try CheckImages(
        taskID: task ?? (shape == nil ? candidate.description?.task : nil), shape: ImageShapeOption.parse(shape),
        data: dataOptions.data, threads: options.threads, progress: progress)
      let settings = try options.loadOptions(imageShape: source.imageShape, classCount: nil)
      let model = try loader.load(candidate, settings)
      let chosen = try source.images(count: images, seed: seed, shape: model.classifier.inputShape)
      progress.end()
      let outcome = ModelConformance.outcome(
        model.classifier, alike: try loader.load(candidate, settings.withOtherBatchAndThreads).classifier,
        subject: candidate.checkpoint.name, images: chosen.images, seed: seed,
        allowsRounding: model.classifier is ServedClassifier || deviceOptions.device != nil,
        processor: try deviceOptions.device.map { _ in
          try Engine.$here.withValue(Engine.host) { try loader.load(candidate, settings).classifier }
        }, isStrict: deviceOptions.isStrict)
      try Interruption.check()
      let report = CheckReport(outcome, images: chosen, model: LoadReport(candidate, model))
      try reporting.result(report.document, text: report.text)
      if !outcome.passed { throw ExitCode(1) }
    }

    private func checkReferences(_ progress: TerminalProgress) throws {
      guard let id = task else { return }
      let plugin = try TaskLookup.plugin(id)
      let made = try plugin.make(
        TaskOptions(
          dataDirectory: TaskLookup.dataFolder(id, given: dataOptions.data), cacheDirectory: nil,
          threads: options.threads, progress: progress))
      let outcomes = try references.outcomes(made, images: images, seed: seed, threads: options.threads)
      progress.end()
      try Interruption.check()
      try reporting.result(outcomes, text: outcomes.map(\.text).joined(separator: "\n"))
      if outcomes.contains(where: { !$0.findings.isEmpty }) { throw ExitCode(1) }
    }
  }
}

extension PluginsCommand.Check: DeviceCommand {
  var batch: Int? { options.batch }
  var servingProgram: String? { options.program.plugin }
}
