import BenchCore
import Checkpoints
import Tensor

/// ONNX graphs, from any framework, into the built-in engine: so every one has input gradients.
package struct ONNXPlugin: ModelPlugin {
  package static let id = "onnx"
  package static let version = "1"
  package static let summary =
    "ONNX graphs (opsets \(ONNXOperators.opsets.lowerBound) to \(ONNXOperators.opsets.upperBound)), into the built-in engine"

  package static let facts = ModelPluginFacts(
    files: ["torch.onnx.export, tf2onnx, JAX exporters: .onnx with weights inside or in external data files beside it"],
    notes: [
      "Normalisation inside the graph is recognised; otherwise give --mean and --std or a model.json",
      "An operator that is lacking is an error that names operator, node and opset",
    ],
    examples: ["pags-bench evaluate MODEL.onnx", "pags-bench plugins check MODEL.onnx"],
    pages: ["docs/onnx-coverage.md", "docs/add-a-model.md"])

  package init() {}

  package static func recognizes(_ probe: FileProbe) -> Bool { probe.format == .onnx }

  package func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> LoadedModel {
    if let name = options.architecture { throw ONNXImportError.architecture(file: checkpoint.name, name: name) }
    let model = try ONNXReader.model(of: checkpoint)
    let given = options.preprocessing ?? description?.preprocessing
    let origin = options.preprocessing != nil ? "--mean and --std" : "the description's `preprocessing`"
    let resize = options.resize ?? given?.resize ?? description?.preprocessing?.resize
    func read(_ preprocessing: Preprocessing?) throws -> ONNXNetwork {
      try ONNXNetwork(
        model, preprocessing: preprocessing, origin: origin, resize: resize, imageShape: options.imageShape)
    }
    var network = try read(given)
    var beside: FolderNormalisation?
    if given == nil, !network.tellsNormalisation {
      beside = try FolderNormalisation.read(beside: checkpoint, channels: network.inputShape[0])
      if let beside { network = try read(beside.preprocessing) }
    }
    let check = try BatchCheck(network, threads: options.threads, memory: options.memory)
    var notes = model.notes + network.output.notes + [network.input.note, check.note, beside?.note].compactMap { $0 }
    if check.areProbabilities {
      network.takesLogarithm = true
      notes.append("the outputs are probabilities and no Softmax was found at the end: their logarithms are the logits")
    }
    if let note = network.pixelNote { notes.append(note) }
    if !model.producer.isEmpty { notes.append("written by \(model.producer), opset \(model.opset)") }
    let classifier = try NetworkClassifier(
      network, batch: check.runsInBatches ? options.batch(for: network.inputShape) : 1,
      lowersBatch: options.batch == nil, threads: options.threads, memory: options.memory,
      tried: check.areProbabilities ? nil : check.tried)
    return LoadedModel(
      classifier: classifier, architecture: "onnx", parameters: network.parameterCount,
      preprocessing: network.preprocessing,
      preprocessingIsAssumed: given == nil && beside == nil && !network.tellsNormalisation, notes: notes,
      warnings: [UntrainedStatistics.warning(of: model.graph)].compactMap { $0 })
  }
}
