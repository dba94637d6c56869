import BenchCore
import Checkpoints
import Graph
import JSON
import Tensor

/// What autoencoders and denoisers have in common: a checkpoint with its description, read for a task.
package struct LearnedNetwork: Sendable {
  let description: ModelDescription
  let weights: WeightSource
  let preprocessing: Preprocessing
  /// `[C, H, W]`.
  package let imageShape: Shape
  private let digest: String
  private let record: ModelRecord.Checkpoint

  /// - Parameter kind: what the description must say.
  /// - Throws: `ReferenceError`, `CheckpointError`, `JSONError`, `PreprocessingError`.
  init(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, kind: ModelDescription.Kind,
    _ options: ReferenceOptions
  ) throws {
    let file = checkpoint.name
    guard let description else { throw ReferenceError.noDescription(file: file, kind: kind.rawValue) }
    let found = description.kind ?? .classifier
    guard found == kind else {
      throw ReferenceError.otherKind(file: file, expected: kind.rawValue, got: found.rawValue, use: found.use)
    }
    if let trained = description.task, let task = options.task, trained != task {
      throw ReferenceError.otherTask(file: file, trainedFor: trained, task: task)
    }
    self.description = description
    digest = checkpoint.sha256
    weights = WeightSource(try CheckpointReader.stateDict(of: checkpoint))
    imageShape = options.imageShape
    guard description.preprocessing?.resize == nil else { throw ReferenceError.resize(file: file) }
    preprocessing = description.preprocessing ?? .identity(channels: imageShape[0])
    record = ModelRecord.Checkpoint(
      file: file, sha256: checkpoint.sha256, bytes: checkpoint.byteCount,
      format: FileProbe(checkpoint).format?.rawValue ?? "unknown")
  }

  package var file: String { weights.file }

  /// Of checkpoint and description.
  /// - Throws: `JSONError` where the description holds a number that is not finite.
  package func fingerprint() throws -> String {
    digest + String(decoding: try JSONEncoding.encodeCompact(description), as: UTF8.self)
  }

  /// What a result says of it. The parameters are those that layers have asked for until now.
  package var reference: LearnedReference {
    LearnedReference(
      id: description.id, name: description.name, checkpoint: record, parameters: weights.parameterCount)
  }

  /// The description's `architecture` as layers, with paths in messages as in the file.
  func layers<List: Decodable>(_ type: List.Type, expected: String) throws -> List {
    guard let architecture = description.architecture else {
      throw ReferenceError.architecture(
        file: file, kind: (description.kind ?? .classifier).rawValue, expected: expected)
    }
    return try description.layers(type, in: architecture)
  }

  /// Pixels as the network takes them.
  func prepare(_ images: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    try graph.prepared(images, preprocessing)
  }

  /// The inverse of `prepare`: a network's output in pixel units.
  func restore(_ output: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    guard preprocessing != .identity(channels: imageShape[0]) else { return output }
    let column: Shape = [1, imageShape[0], 1, 1]
    let scaled = try graph.multiply(output, graph.constant(Tensor(shape: column, scalars: preprocessing.std)))
    return try graph.add(scaled, graph.constant(Tensor(shape: column, scalars: preprocessing.mean)))
  }

  /// Appends layers.
  /// - Parameter path: where the list stands in the description, for messages.
  func append(_ layers: [Layer], path: String, to value: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    var builder = LayerBuilder(graph: graph, value: value, weights: weights)
    try builder.append(layers.map { weights.renamed($0) }, path: path)
    graph = builder.graph
    return builder.value
  }
}

extension ModelDescription.Kind {
  /// What a user can do with such a file.
  package var use: String {
    switch self {
    case .classifier: "a classifier is what `evaluate CHECKPOINT` measures"
    case .autoencoder: "pass it as --manifold autoencoder=FILE"
    case .generator: "pass it to `direction` as --generator FILE"
    case .denoiser: "pass it as --score denoiser=FILE, a class-conditional one as --reference denoiser=FILE"
    }
  }
}
