import Checkpoints
import Graph
import Tensor

/// Arithmetic with constants that a graph begins with, maybe between nodes that move, limit or resize the pixels:
/// (pixel - mean) / std for every element, as the file normalises pixels itself.
struct PixelArithmetic: Sendable {
  /// The last of its nodes, in an error's words.
  let node: String
  /// The least and the largest over the elements; nil for a batch normalisation, which is a layer of the network as often.
  let mean: ClosedRange<Float>?
  let std: ClosedRange<Float>?

  /// Whether the pixels are meant to be 0 to 255. Those in [0, 1] have means below 1 and deviations of at most 1/2; in 0...255
  /// natural images have deviations near 64, and where only a mean is subtracted it is near 120.
  var expectsBytes: Bool {
    guard let mean, let std else { return false }
    return std.upperBound >= 16 || mean.upperBound >= 8
  }

  var description: String {
    guard let mean, let std else { return "\(node)" }
    func text(_ range: ClosedRange<Float>) -> String {
      func number(_ value: Float) -> String { "\((value * 1e4).rounded() / 1e4)" }
      return range.upperBound - range.lowerBound <= 1e-3 * max(1, abs(range.upperBound))
        ? number(range.lowerBound) : "\(number(range.lowerBound)) to \(number(range.upperBound))"
    }
    return "\(node): mean \(text(mean)), std \(text(std))"
  }

  /// Nodes that combine the pixels with constants.
  private static let arithmetic: Set = ["Sub", "Div", "Mul", "Add"]
  /// Nodes that leave numbers as they are, but for limits and interpolation.
  private static let transparent: Set = [
    "Identity", "Transpose", "Cast", "CastLike", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Clip", "Slice",
    "Gather",
    "Resize", "Upsample", "Pad", "Dropout",
  ]
  /// A graph that moves pixels through more nodes than this before it computes anything is not looked at.
  private static let longest = 64
  /// Elements of one value of an image that is tried.
  private static let largest = 1 << 24

  /// - Returns: nil where the graph does not begin with such arithmetic.
  init?(_ model: ONNXModel, _ constants: ONNXConstants, input: ONNXInput) {
    guard let end = Self.end(of: model.graph, from: input.name) else { return nil }
    node = "node `\(end.name)` (\(end.operation))"
    guard end.operation != "BatchNormalization" else {
      (mean, std) = (nil, nil)
      return
    }
    guard let elements = Self.probe(model, constants, input, value: end.outputs[0]), !elements.isEmpty else {
      return nil
    }
    let (means, deviations) = (elements.map(\.mean), elements.map(\.std))
    guard let lowest = means.min(), let highest = means.max(), let narrowest = deviations.min(),
      let widest = deviations.max(), max(abs(lowest), abs(highest)) > 1e-5 || narrowest < 0.9999 || widest > 1.0001
    else { return nil }
    (mean, std) = (lowest...highest, narrowest...widest)
  }

  /// The last arithmetic node on the way of the pixels, or the batch normalisation that is the first.
  private static func end(of graph: ONNXGraph, from input: String) -> ONNXNode? {
    var dependent: Set = [input]
    var readers: [String: [ONNXNode]] = [:]
    for node in graph.nodes where !["Shape", "Size"].contains(node.operation) {
      let read = Set(node.namesRead).intersection(dependent)
      guard !read.isEmpty else { continue }
      for name in read { readers[name, default: []].append(node) }
      dependent.formUnion(node.outputs.filter { !$0.isEmpty })
    }
    var (name, last): (String, ONNXNode?) = (input, nil)
    for _ in 0..<longest {
      // The pixels alone may come in: not the image itself times a mask that was computed from it.
      guard let found = readers[name], found.count == 1, found[0].domain.isEmpty || isScaler(found[0]),
        !graph.outputs.contains(where: { $0.name == name }),
        found[0].namesRead.count(where: { dependent.contains($0) }) == 1, let next = found[0].outputs.first
      else { return last }
      switch found[0].operation {
      case let operation where arithmetic.contains(operation): last = found[0]
      case "Scaler": last = found[0]
      case "BatchNormalization": return last ?? found[0]
      case "Cast":
        // Whole numbers are no arithmetic.
        guard case .int(let type)? = found[0].attributes["to"], ONNXElementType(type).dtype?.isFloatingPoint == true
        else { return last }
      case let operation where transparent.contains(operation): break
      default: return last
      }
      name = next
    }
    return last
  }

  /// scikit-learn's (x - offset) scale.
  private static func isScaler(_ node: ONNXNode) -> Bool {
    node.domain == ONNXOperators.machineLearningDomain && node.operation == "Scaler"
  }

  /// What becomes of two images of one grey each, inside of [0, 1] and so inside of every limit: two points of a line.
  private static func probe(
    _ model: ONNXModel, _ constants: ONNXConstants, _ input: ONNXInput, value: String
  ) -> [(mean: Float, std: Float)]? {
    let prefix = ONNXModel(
      replacing: model,
      graph: ONNXGraph(replacing: model.graph, nodes: model.graph.nodes, output: ONNXValueInfo(name: value)))
    let shape = input.imageShape.prepending(1)
    var graph = Graph()
    let images = graph.input("images", shape)
    // What the graph has to object is said where the whole of it is built.
    guard let prepared = try? input.arranged(images, &graph) else { return nil }
    var importer = GraphImporter(graph, prefix, constants, elements: input.imageShape.count)
    if let declared = input.batch, declared != 1 { importer.rebatching = Rebatching(declared: declared, wanted: 1) }
    guard let results = try? importer.run([input.name: .real(prepared)]), case .graph(let result, _)? = results.first,
      importer.graph.values.allSatisfy({ importer.graph.shape(of: $0).count <= largest })
    else { return nil }
    func outcome(_ grey: Float) -> [Float]? {
      let image = Tensor(shape: shape, repeating: grey)
      return try? importer.graph.evaluate([result], inputs: ["images": image], on: Engine.host)[0].scalars
    }
    let (dark, bright): (Float, Float) = (0.25, 0.75)
    guard let low = outcome(dark), let high = outcome(bright) else { return nil }
    return zip(low, high).compactMap { low, high in
      let slope = (high - low) / (bright - dark)
      // Padding is the same for every image.
      guard slope != 0, slope.isFinite else { return nil }
      return (dark - low / slope, 1 / abs(slope))
    }
  }
}
