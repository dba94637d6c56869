import BenchCore
import Checkpoints
import Graph
import Tensor

/// The network of a checkpoint without what it learnt: the same layers, tensors of the same names and shapes, the same
/// preparation of pixels.
package struct UntrainedCopy: Sendable {
  package let network: TrainableNetwork
  package let classCount: Int
  /// Whether nothing said how pixels are normalised.
  package let preprocessingIsAssumed: Bool

  /// Reads the checkpoint as it is read for evaluation; tensors that do not fit the layers are refused as there.
  /// - Parameters:
  ///   - description: its layer list, or recognition where there is none. An ONNX graph needs one, whose tensors are the
  ///     graph's initialisers.
  ///   - options: `imageShape` is the task's.
  /// - Throws: `ModelError`, `CheckpointError`, `GraphError`, `JSONError`.
  package init(
    of checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws {
    var choice = options.weights
    if choice.isEmpty, let described = description?.checkpoint {
      choice = WeightsChoice(key: described.weights, member: described.member)
    }
    let (weights, normalisation) = try Self.weights(
      checkpoint, choice, isDescribed: options.architecture != nil || description?.architecture != nil)
    let reading = try StateDictReading(weights, normalisation, description, options, from: checkpoint)
    let original = reading.network
    let builder = try original.built(batch: 1).builder
    classCount = builder.shape[1]
    try reading.requireUsed(weights.unused)
    network = TrainableNetwork(
      name: reading.recognised.name, inputShape: original.inputShape, preprocessing: original.preprocessing,
      clampsInput: original.clampsInput, layers: original.layers,
      tensors: Self.tensors(weights, builder.kinds))
    preprocessingIsAssumed = reading.preprocessingIsAssumed
  }

  private static func weights(
    _ checkpoint: CheckpointFile, _ choice: WeightsChoice, isDescribed: Bool
  ) throws -> (WeightSource, InputNormalisation?) {
    if FileProbe(checkpoint).format == .onnx {
      guard choice.isEmpty else { throw ModelError.noStateDicts(file: checkpoint.name, format: "onnx") }
      guard isDescribed else { throw ModelError.noLayers(file: checkpoint.name, kind: "an ONNX graph") }
      let tensors = try ONNXReader.model(of: checkpoint).graph.initializers.values.sorted { $0.name < $1.name }
      return (WeightSource(file: checkpoint.name, tensors), nil)
    }
    let stateDict = try CheckpointReader.stateDict(of: checkpoint, choosing: choice)
    return (WeightSource(stateDict), stateDict.normalisation)
  }

  /// What the layers use, in the order in which it was saved, with PyTorch's counters of batches where the checkpoint has them.
  private static func tensors(_ weights: WeightSource, _ kinds: [String: TensorKind]) -> [FreshTensor] {
    weights.names.compactMap { name in
      // Of a size that could not be represented a layer has not asked for.
      guard let shape = weights.shape(name).flatMap(Shape.init(checking:)) else { return nil }
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      func sibling(_ suffix: String) -> String { (parts.dropLast() + [Substring(suffix)]).joined(separator: ".") }
      let role: FreshTensor.Role
      switch kinds[name] {
      case .weight: role = .weight(fanIn: shape.droppingFirst.count)
      case .bias:
        let products = weights.shape(sibling("weight")).flatMap(Shape.init(checking:))?.droppingFirst.count
        role = .bias(fanIn: products ?? 1)
      case .scale: role = .scale
      case .shift: role = .shift
      case .runningMean: role = .runningMean
      case .runningVariance: role = .runningVariance
      case nil:
        guard parts.last == "num_batches_tracked", kinds[sibling("running_mean")] == .runningMean else { return nil }
        role = .batchCount
      }
      return FreshTensor(name: name, shape: role == .batchCount ? [] : shape, role: role)
    }
  }
}
