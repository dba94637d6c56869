import Graph
import Tensor

/// What a file may ask for while it is imported. A few bytes can ask for any amount of memory or work: doubling a constant
/// thirty times, or a function that calls another twice, and that one another.
struct ImportBudget {
  /// Elements of one value for each image, whatever the image: 1 GiB.
  static let valueElements = 1 << 28
  /// The same where images are small: 64 MiB. Wide networks make some 50 numbers of a pixel's, attention over the patches of a
  /// large image some 100; a graph that makes thousands of each repeats them.
  static let valueElementsOfSmallImages = 1 << 24
  private static let valueElementsPerPixelValue = 1 << 10
  /// Nodes after functions and branches are put in; the largest classifiers have some ten thousand.
  static let nodes = 500_000

  private let images: Int
  private let largestValue: Int
  private var nodesLeft = Self.nodes
  /// Elements of constants, and of lists of places, that nodes may make of those in the file.
  private var derivedLeft: Int
  private var derived: Set<Graph.Value> = []
  /// Of the graph, those that were charged.
  private var chargedNodes = 0

  /// - Parameters:
  ///   - elements: of one image.
  ///   - stored: elements of the file's constants.
  init(images: Int, elements: Int, stored: Int) {
    self.images = max(1, images)
    // An image has at most 2^28 elements.
    largestValue = min(
      Self.valueElements, max(Self.valueElementsOfSmallImages, Self.valueElementsPerPixelValue * elements))
    // Each is there itself, and may be transposed and scaled; the rest is for shapes, masks and grids.
    derivedLeft = 5 * stored + 1 << 26
  }

  /// - Throws: `ONNXImportError.node` where the node exceeds the budget.
  mutating func charge(_ node: NodeContext, _ outputs: [ImportedValue], _ graph: Graph) throws {
    nodesLeft -= 1
    guard nodesLeft >= 0 else {
      throw node.failure("is one of more than \(Self.nodes) nodes; the file is damaged or hostile")
    }
    let isDerived = node.inputs.allSatisfy { input in
      guard case .graph(let value, _)? = input else { return true }
      return graph.constantTensor(value) != nil || derived.contains(value)
    }
    // Constants are no image's, and have a limit together.
    let limit = isDerived ? Self.valueElements : largestValue
    try charge(node, workOf: graph, limit: limit)
    for output in outputs {
      let shape = output.shape(in: graph)
      guard shape.count / images <= limit else {
        throw node.failure("makes \(shape), of which an image has more than \(limit) elements")
      }
      guard isDerived, case .graph(let value, _) = output else { continue }
      // A constant was charged as what the node is made of.
      if graph.constantTensor(value) == nil { try charge(node, constants: shape.count) }
      derived.insert(value)
    }
  }

  private mutating func charge(_ node: NodeContext, constants count: Int) throws {
    derivedLeft -= count
    guard derivedLeft >= 0 else {
      throw node.failure("makes constants that are many times those in the file; the file is damaged or hostile")
    }
  }

  /// What a node is made of may be larger than what it gives: transposed convolutions are cropped, padding may be many times
  /// the image; masks and lists of places take memory while the file is read, and a file may have any number of them.
  private mutating func charge(_ node: NodeContext, workOf graph: Graph, limit: Int) throws {
    for made in graph.nodes[chargedNodes...] {
      if case .constant(let tensor) = made.source { try charge(node, constants: tensor.shape.count) }
      guard case .apply(let operation, let inputs) = made.source else { continue }
      if let take = operation as? Take { try charge(node, constants: take.indices.count) }
      var shape = made.shape
      if let convolution = operation as? Conv2D {
        let image = graph.shape(of: inputs[0])
        let (height, width) = convolution.geometry.padded(height: image[2], width: image[3])
        guard let padded = Shape(checking: [image[0], image[1], height, width]) else {
          throw node.failure("pads \(image) to \(height) x \(width) pixels")
        }
        if padded.count > shape.count { shape = padded }
      }
      guard shape.count / images <= limit else {
        throw node.failure("makes \(shape) on its way, of which an image has more than \(limit) elements")
      }
    }
    chargedNodes = graph.nodes.count
  }
}
