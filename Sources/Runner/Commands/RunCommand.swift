import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins
import Tensor

/// `pags-bench run`: logits and input gradients of given images; the way to check that a model was loaded right.
struct RunCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Writes a model's logits, and input gradients, for given images.",
    discussion: """
      Reads the tensor `images`, float32 [N, C, H, W] with pixels in [0, 1], from a safetensors, .npz or .npy file, and \
      `labels` where the gradient's target needs them. Writes the tensors `logits` and, with --gradient, `gradient`; with --score, in \
      place of a model, the tensor `score`.

      With --task the images are the task's, as `evaluate` takes them, and are written beside the numbers.

      With --metric there is no model either: --inputs holds the tensors `a` and `b`, float32 [N, C, H, W] in [-1, 1], and \
      `metric` is written, one number a pair.
      """)

  @Argument(help: "The model's checkpoint or model.json; may be left out with --plugin.", completion: .file())
  var checkpoint: String?

  @OptionGroup var source: RunImageOptions

  @Option(help: ArgumentHelp("Safetensors file to write.", valueName: "file"), completion: .file())
  var outputs: String

  @Option(
    help: ArgumentHelp("Also write the input gradient of this function of the logits.", valueName: "target"))
  var gradient: GradientTarget?

  @Option(
    help: ArgumentHelp(
      "Compare the images `a` and `b` by this metric instead: its name, or `ID=FILE` where it has weights.",
      valueName: "metric"), completion: .list(PagsBench.plugins.usages(.metric)),
    transform: { try ReferenceChoice(argument: $0, of: .metric) })
  var metric: ReferenceChoice?

  @OptionGroup(title: "Scores instead of a model (docs/diffusion.md)") var score: ScoreRunOptions

  @OptionGroup var options: ModelOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  func validate() throws {
    try TensorOutput.check("--outputs", outputs)
    if metric != nil {
      return try MetricRun.validate(
        besides: [
          ("the checkpoint", checkpoint != nil), ("--gradient", gradient != nil),
          ("--model", options.network.model != nil),
          ("--plugin", options.program.plugin != nil), ("--score", score.score != nil), ("--task", source.task != nil),
        ])
    }
    if try score.work(hasCheckpoint: checkpoint != nil) != nil {
      guard gradient == nil else { throw ValidationError("--gradient is a model's; it does not go with --score") }
    } else {
      try options.program.check(hasCheckpoint: checkpoint != nil)
    }
  }

  func run() throws {
    Interruption.install()
    let progress = TerminalProgress(quiet: reporting.quiet)
    defer { progress.end() }
    if let metric {
      return try MetricRun(choice: metric, inputs: source.inputs ?? "", outputs: outputs, threads: options.threads).run(
        reporting)
    }
    if let work = try score.work(hasCheckpoint: checkpoint != nil) {
      return try work.run(source, outputs: outputs, threads: options.threads, progress, reporting)
    }
    let named =
      source.named + [
        OutputPlace.Input("the model", checkpoint), OutputPlace.Input("the description", options.network.model),
      ]
    let place = URL(fileURLWithPath: outputs)
    let loader = ModelLoader(ProjectFiles.locate(), plugins: PagsBench.plugins.models)
    let candidate = try loader.find(checkpoint, options)
    try OutputPlace.check(place, as: .tensors, apartFrom: named + candidate.inputs)
    let given = try source.read(
      needingLabels: gradient?.needsLabels ?? false, threads: options.threads, progress: progress)
    progress.end()
    if given.areOfBytes {
      CommandLineOutput.note(
        "WARNING: \(source.name): pixels are far above 1; expected pixels in [0, 1], not yet normalised")
    }
    let model = try loader.load(
      candidate, options.loadOptions(imageShape: given.images.shape.droppingFirst, classCount: nil))
    for line in LoadReport(candidate, model).lines { CommandLineOutput.note(line) }
    let classifier = model.classifier
    try given.check(against: classifier, file: source.name)
    var tensors: [(name: String, tensor: Tensor)] = []
    if let gradient {
      let result = try classifier.inputGradient(gradient, at: given.images, labels: given.labels)
      tensors = [("logits", result.logits), ("gradient", result.gradient)]
    } else {
      tensors = [("logits", try classifier.logits(given.images))]
    }
    for (name, tensor) in tensors {
      if let warning = Self.warning(tensor, called: name, file: outputs) { CommandLineOutput.note(warning) }
    }
    try Folder.make(place.deletingLastPathComponent())
    let written = tensors.map { TensorToWrite($0.name, $0.tensor) } + source.written(given)
    try SafetensorsWriter.write(
      written, metadata: ["model": candidate.checkpoint.sha256, "gradient": gradient?.rawValue ?? "none"], to: outputs)
    let shapes = written.map { "\($0.name) \($0.shape)" }.joined(separator: ", ")
    try reporting.result(
      WrittenTensors(file: outputs, written.map { ($0.name, $0.shape) }),
      text: "\(outputs): \(shapes) of \(given.images.batch) images")
  }

  /// What is to be said where numbers are infinite or NaN: they are written as they are, and no later program may notice.
  private static func warning(_ tensor: Tensor, called name: String, file: String) -> String? {
    guard let first = tensor.scalars.firstIndex(where: { !$0.isFinite }) else { return nil }
    let count = tensor.scalars.count { !$0.isFinite }
    let image = first / max(1, tensor.shape.droppingFirst.count)
    return "WARNING: \(file): \(count) of \(tensor.scalars.count) numbers of `\(name)` are not finite, the first "
      + "(\(tensor.scalars[first])) at image \(image); check for a division by zero or a root of zero in the network, for its "
      + "weights and its normalisation"
  }
}

extension GradientTarget: ExpressibleByArgument {}

extension TensorToWrite {
  init(_ name: String, _ tensor: Tensor) {
    self.init(name: name, shape: tensor.shape.dimensions, floats: tensor.scalars)
  }
}

extension RunCommand: DeviceCommand {
  var batch: Int? { options.batch }
  var servingProgram: String? { options.program.plugin }
}
