import BenchCore
import Checkpoints

/// Checkpoints that hold named tensors: the network comes from `--arch`, the description, or recognition.
package struct StateDictPlugin: ModelPlugin {
  package static let id = "state-dict"
  package static let version = "1"
  package static let summary = "named tensors: PyTorch (zip and legacy) and safetensors, into the built-in engine"

  package static let facts = ModelPluginFacts(
    files: [
      "torch.save of a state_dict or of a dictionary that holds one (zip and legacy)", "safetensors",
      "a pickle of NumPy arrays",
    ],
    notes: [
      "Pickles are interpreted by an allow-list and never executed",
      "The network is recognised from names and shapes of tensors, named with --arch, or described as layers in model.json",
    ],
    examples: [
      "pags-bench evaluate MODEL.pth",
      "pags-bench evaluate MODEL.pth --arch resnet18 --mean 0.5,0.5,0.5 --std 0.25,0.25,0.25",
      "pags-bench run MODEL.pth --inputs images.safetensors --outputs out.safetensors",
    ],
    pages: ["docs/add-a-model.md"])

  package init() {}

  package static func recognizes(_ probe: FileProbe) -> Bool {
    // All formats but the one that holds a network; the reader refuses tar archives itself, and says what to do.
    probe.format.map { $0 != .onnx } ?? false
  }

  package func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> LoadedModel {
    let stateDict = try CheckpointReader.stateDict(of: checkpoint, choosing: options.weights)
    let weights = WeightSource(stateDict)
    let reading = try StateDictReading(weights, stateDict.normalisation, description, options, from: checkpoint)
    let network = reading.network
    let classifier = try reading.explainingMisfits {
      try NetworkClassifier(
        network, batch: options.batch(for: network.inputShape), lowersBatch: options.batch == nil,
        threads: options.threads, memory: options.memory)
    }
    var notes = stateDict.notes + reading.notes
    let unused = reading.withoutDerived(weights.unused)
    try reading.requireUsed(unused)
    if !unused.isEmpty {
      notes.append(
        (unused.count == 1 ? "1 tensor is" : "\(unused.count) tensors are") + " not used by the network: "
          + unused.prefix(4).joined(separator: ", ") + (unused.count > 4 ? ", ..." : ""))
    }
    return LoadedModel(
      classifier: classifier, architecture: reading.recognised.name, parameters: weights.parameterCount,
      preprocessing: network.preprocessing, preprocessingIsAssumed: reading.preprocessingIsAssumed, notes: notes,
      warnings: reading.warnings + (weights.untrainedStatistics.map { [$0] } ?? []), weights: stateDict.weights,
      unusedTensors: reading.unexplained(unused).count)
  }
}
