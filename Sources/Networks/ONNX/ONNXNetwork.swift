import BenchCore
import Checkpoints
import Graph
import Tensor

/// An ONNX graph as a network that can be built for any number of images.
struct ONNXNetwork: NetworkSource {
  private let model: ONNXModel
  private let constants: ONNXConstants
  let input: ONNXInput
  let output: ONNXOutput
  /// What is done to pixels in [0, 1] before the graph gets them.
  let preprocessing: Preprocessing
  /// What the graph itself does to them first, nil where that is no arithmetic.
  let arithmetic: PixelArithmetic?
  /// Whether the graph gets pixels times 255.
  let scalesToBytes: Bool
  /// Takes the logarithm of outputs that turned out to be probabilities.
  var takesLogarithm = false

  var file: String { model.file }

  func requireUnchanged() throws { try constants.requireUnchanged() }
  let inputShape: Shape

  /// - Parameter origin: of the preprocessing, in an error's words.
  /// - Throws: `ONNXImportError` where inputs or outputs are not those of a classifier of images, or where pixels would be
  ///   normalised twice.
  init(_ model: ONNXModel, preprocessing: Preprocessing?, origin: String, resize: [Int]?, imageShape: Shape?) throws {
    let enlargement = Preprocessing(mean: [], std: [], resize: resize)
    if resize != nil {
      if let problem = enlargement.resizeProblem { throw ModelError.resize(problem: problem) }
      guard imageShape != nil else { throw ModelError.noInputShape(file: model.file) }
    }
    input = try ONNXInput(model, wanted: imageShape.map { enlargement.resized($0) })
    inputShape = resize == nil ? input.imageShape : imageShape ?? input.imageShape
    output = try ONNXOutput(model)
    self.model = ONNXModel(replacing: model, graph: output.graph)
    constants = ONNXConstants(model)
    arithmetic = PixelArithmetic(self.model, constants, input: input)
    let wantsBytes = input.takesBytes || arithmetic?.expectsBytes ?? false
    let channels = input.imageShape[0]
    guard var preprocessing, preprocessing.withoutResize != .identity(channels: channels) else {
      scalesToBytes = wantsBytes
      var own = wantsBytes ? Preprocessing.bytes(channels: channels) : .identity(channels: channels)
      own.resize = resize
      self.preprocessing = own
      return
    }
    // Whoever knew the graph may have said the scale by hand.
    if !(wantsBytes && preprocessing.isNearly(.bytes(channels: channels))) {
      let given = "\(origin) (mean \(preprocessing.mean), std \(preprocessing.std))"
      if let arithmetic, arithmetic.mean != nil {
        throw ONNXImportError.normalisedTwice(file: model.file, graph: arithmetic.description, given: given)
      }
      if input.takesBytes {
        throw ONNXImportError.inputs(
          file: model.file,
          reason:
            "the input `\(input.name)` is of type uint8, pixels from 0 to 255, which \(given) would not leave as they are; "
            + "leave that out")
      }
    }
    scalesToBytes = false
    preprocessing.resize = resize
    self.preprocessing = preprocessing
  }

  /// What a user should know of the pixels' scale, nil where the graph takes them as it is told.
  var pixelNote: String? {
    switch (scalesToBytes, arithmetic) {
    case (true, let arithmetic?):
      "the graph wants pixels from 0 to 255 and normalises them itself (\(arithmetic.description)): those in [0, 1] are "
        + "multiplied by 255 in front of it"
    case (true, nil):
      "the graph wants pixels from 0 to 255 (its input is of type uint8): those in [0, 1] are multiplied by 255 in front of it, "
        + "and not rounded"
    case (false, let arithmetic?)
    where arithmetic.mean == nil && preprocessing.withoutResize != .identity(channels: inputShape[0]):
      "the graph begins with a batch normalisation of its own (\(arithmetic.description)), behind the normalisation given"
    case (false, let arithmetic?): "the graph normalises pixels itself (\(arithmetic.description))"
    case (false, nil): nil
    }
  }

  /// Whether the file itself tells what its pixels are to be.
  var tellsNormalisation: Bool { arithmetic != nil || input.takesBytes }

  func graph(batch: Int) throws -> (graph: Graph, images: Graph.Value, logits: Graph.Value) {
    let folded = try imported(batch: batch).folded()
    return (folded.graph, folded.images, folded.logits)
  }

  /// The nodes of the file one by one, with nothing folded.
  func imported(batch: Int) throws -> ImportedNetwork {
    var graph = Graph()
    let images = graph.input("images", inputShape.prepending(batch))
    // Times 255, not divided by a rounded 1 / 255: so whole numbers stay whole.
    let pixels =
      scalesToBytes
      ? try graph.multiply(graph.resized(images, preprocessing), graph.constant(255))
      : try graph.prepared(images, preprocessing)
    let prepared = try input.arranged(pixels, &graph)
    var importer = GraphImporter(graph, model, constants, images: batch, elements: input.imageShape.count)
    if let declared = input.batch, declared != batch {
      importer.rebatching = Rebatching(declared: declared, wanted: batch)
    }
    let values = try importer.run([input.name: .real(prepared)])
    let value = values[0].value(in: &importer.graph)
    var logits = try rows(value, batch: batch, &importer.graph)
    if takesLogarithm { logits = try importer.graph.log(logits) }
    return ImportedNetwork(graph: importer.graph, images: images, logits: logits)
  }

  /// `[N, K]`, also where the file has `[N, K, 1, 1]`.
  private func rows(_ value: Graph.Value, batch: Int, _ graph: inout Graph) throws -> Graph.Value {
    let shape = graph.shape(of: value)
    guard shape.rank >= 2, shape[0] == batch, shape[1] >= 2, shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 })
    else {
      throw ONNXImportError.outputs(
        file: file,
        reason: "the output `\(model.graph.outputs[0].name)` has shape \(shape) for \(batch) images, "
          + "expected [\(batch), K] with K at least 2")
    }
    return try graph.reshape(value, to: [batch, shape[1]])
  }

  /// Scalars of the constants that nodes read or hold, without the statistics of batch normalisation, which are not trained.
  var parameterCount: Int {
    var counted: Set<String> = []
    var total = 0
    for node in model.graph.nodes {
      for (position, name) in node.inputs.enumerated() where counted.insert(name).inserted {
        guard let tensor = model.graph.initializers[name], tensor.dtype.isFloatingPoint else { continue }
        if node.operation == "BatchNormalization", position >= 3 { continue }
        total += tensor.elementCount
      }
      guard node.domain == ONNXOperators.machineLearningDomain, node.operation == "LinearClassifier" else { continue }
      for name in ["coefficients", "intercepts"] {
        if case .floats(let values)? = node.attributes[name] { total += values.count }
      }
    }
    return total
  }
}

/// The graph of an ONNX file for one number of images.
struct ImportedNetwork {
  let graph: Graph
  let images: Graph.Value
  let logits: Graph.Value

  /// See `Graph.folded`.
  func folded() throws -> ImportedNetwork {
    let folded = try graph.folded(for: [images, logits], on: Engine.host)
    return ImportedNetwork(graph: folded.graph, images: folded.outputs[0], logits: folded.outputs[1])
  }
}

extension Preprocessing {
  /// What makes pixels from 0 to 255 of those in [0, 1].
  fileprivate static func bytes(channels: Int) -> Preprocessing {
    Preprocessing(mean: [Float](repeating: 0, count: channels), std: [Float](repeating: 1 / 255, count: channels))
  }

  /// To the digits that one types.
  fileprivate func isNearly(_ other: Preprocessing) -> Bool {
    mean.count == other.mean.count && std.count == other.std.count
      && zip(mean + std, other.mean + other.std).allSatisfy { abs($0 - $1) <= 1e-3 * abs($1) }
  }
}
