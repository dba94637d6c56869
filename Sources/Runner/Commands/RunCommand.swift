import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins
import Tensor

/// `pags-bench run`: logits and input gradients of given images; the way to check that a model was loaded right.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Writes a model's logits, and input gradients, for given images.",
    discussion: """
      Reads the tensor `images`, float32 [N, C, H, W] with pixels in [0, 1], from a safetensors file, and `labels` where \
      the gradient's target needs them. Writes the tensors `logits` and, with --gradient, `gradient`.
      """)

  @Argument(help: "The model's checkpoint or model.json; may be left out with --plugin.")
  var checkpoint: String?

  @Option(help: ArgumentHelp("Safetensors file with `images`.", valueName: "file"))
  var inputs: String

  @Option(help: ArgumentHelp("Safetensors file to write.", valueName: "file"))
  var outputs: String

  @Option(
    help: ArgumentHelp("Also write the input gradient of this function of the logits.", valueName: "target"))
  var gradient: GradientTarget?

  @OptionGroup var options: ModelOptions

  func validate() throws { try options.program.check(hasCheckpoint: checkpoint != nil) }

  func run() throws {
    Interruption.install()
    let named = [
      OutputPlace.Input("the file of --inputs", inputs), OutputPlace.Input("the model", checkpoint),
      OutputPlace.Input("the description", options.network.model),
    ]
    let place = URL(fileURLWithPath: outputs)
    let loader = ModelLoader(ProjectFiles.locate())
    let candidate = try loader.find(checkpoint, options)
    try OutputPlace.check(place, as: .tensors, apartFrom: named + candidate.inputs)
    let given = try InputImages.read(inputs, needingLabels: gradient?.needsLabels ?? false)
    let model = try loader.load(
      candidate, options.loadOptions(imageShape: given.images.shape.droppingFirst, classCount: nil))
    for line in LoadReport(candidate, model).lines { CommandLineOutput.note(line) }
    let classifier = model.classifier
    try given.check(against: classifier, file: inputs)
    var tensors: [TensorToWrite] = []
    if let gradient {
      let result = try classifier.inputGradient(gradient, at: given.images, labels: given.labels)
      tensors.append(TensorToWrite("logits", result.logits))
      tensors.append(TensorToWrite("gradient", result.gradient))
    } else {
      tensors.append(TensorToWrite("logits", try classifier.logits(given.images)))
    }
    try Folder.make(place.deletingLastPathComponent())
    try SafetensorsWriter.write(
      tensors, metadata: ["model": candidate.checkpoint.sha256, "gradient": gradient?.rawValue ?? "none"], to: outputs)
    CommandLineOutput.result(
      "\(outputs): \(tensors.map { "\($0.name) \($0.shape)" }.joined(separator: ", ")) of \(given.images.batch) images")
  }
}

extension GradientTarget: ExpressibleByArgument {}

extension TensorToWrite {
  init(_ name: String, _ tensor: Tensor) {
    self.init(name: name, shape: tensor.shape.dimensions, floats: tensor.scalars)
  }
}
