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
  let preprocessing: Preprocessing
  /// Takes the logarithm of outputs that turned out to be probabilities.
  var takesLogarithm = false

  var file: String { model.file }
  var inputShape: Shape { input.imageShape }

  /// - Throws: `ONNXImportError` where inputs or outputs are not those of a classifier of images.
  init(_ model: ONNXModel, preprocessing: Preprocessing?, imageShape: Shape?) throws {
    input = try ONNXInput(model, wanted: imageShape)
    output = try ONNXOutput(model)
    self.model = ONNXModel(replacing: model, graph: output.graph)
    constants = ONNXConstants(model)
    self.preprocessing = preprocessing ?? .identity(channels: input.imageShape[0])
  }

  func graph(batch: Int) throws -> (graph: Graph, images: Graph.Value, logits: Graph.Value) {
    var graph = Graph()
    let images = graph.input("images", inputShape.prepending(batch))
    let prepared = try input.arranged(graph.normalised(images, preprocessing), &graph)
    var importer = GraphImporter(graph, model, constants, images: batch)
    if let declared = input.batch, declared != batch {
      importer.rebatching = Rebatching(declared: declared, wanted: batch)
    }
    let values = try importer.run([input.name: .real(prepared)])
    let value = values[0].value(in: &importer.graph)
    var logits = try rows(value, batch: batch, &importer.graph)
    if takesLogarithm { logits = try importer.graph.log(logits) }
    let folded = try importer.graph.folded(for: [images, logits])
    return (folded.graph, folded.outputs[0], folded.outputs[1])
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

  /// Scalars of the constants that nodes read, without the statistics of batch normalisation, which are not trained.
  var parameterCount: Int {
    var counted: Set<String> = []
    var total = 0
    for node in model.graph.nodes {
      for (position, name) in node.inputs.enumerated() where counted.insert(name).inserted {
        guard let tensor = model.graph.initializers[name], tensor.dtype.isFloatingPoint else { continue }
        if node.operation == "BatchNormalization", position >= 3 { continue }
        total += tensor.elementCount
      }
    }
    return total
  }

  private func isConstant(_ name: String) -> Bool {
    model.graph.initializers[name] != nil
      || model.graph.nodes.contains { $0.operation == "Constant" && $0.outputs.contains(name) }
  }

  /// Whether the first thing done to the images is arithmetic with constants: the file normalises pixels itself.
  var normalisesPixels: Bool {
    var name = input.name
    for _ in 0..<4 {
      let readers = model.graph.nodes.filter { $0.inputs.contains(name) }
      guard let node = readers.first, readers.count == 1 else { return false }
      switch node.operation {
      case "Sub", "Div", "Mul", "Add", "BatchNormalization":
        return node.inputs.allSatisfy { $0 == name || isConstant($0) }
      case "Identity", "Transpose", "Cast", "Reshape":
        guard let next = node.outputs.first else { return false }
        name = next
      default: return false
      }
    }
    return false
  }
}
