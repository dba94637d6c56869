import Tensor

/// One kind of computation. Each conforming type stands in a file of its own that states its shape rule, its kernel and
/// its two derivative rules; the rules are written as graph operators, so derivatives of derivatives need nothing new.
///
/// Attributes (strides, axes, ...) are stored properties; `Hashable` lets equal computations be shared.
public protocol Operator: Sendable, Hashable {
  /// Name in errors and listings, such as `"conv2d"`.
  static var name: String { get }

  /// Shape inference.
  func shape(of inputs: [Shape]) throws(GraphError) -> Shape

  /// Floats of scratch memory that each thread of the kernel wants.
  func scratchCount(inputs: [Shape], output: Shape) -> Int

  /// Floats of scratch memory that the kernel wants once, whatever the number of threads.
  func sharedScratchCount(inputs: [Shape], output: Shape) -> Int

  /// Floats of another form of input 1, the weights, that the kernel reads instead of them. Constant weights are brought
  /// into it once per program, others before every run. 0: the kernel reads the weights themselves.
  func preparedCount(inputs: [Shape], output: Shape) -> Int

  /// Brings the weights into that form.
  func prepare(
    _ weights: UnsafePointer<Float>, inputs: [Shape], output: Shape, into prepared: UnsafeMutablePointer<Float>)

  /// Computes the whole output. Must compute each image by itself, in an order that depends neither on the batch size nor on
  /// the number of threads (`KernelArguments.forEachBlock`).
  func evaluate(_ kernel: KernelArguments)

  /// True where output element i depends on element i of the inputs of the output's shape only, so that the output may
  /// overwrite such an input.
  var isElementwise: Bool { get }

  /// True where the output has the input's elements in the same order: it shares the input's memory.
  var isView: Bool { get }

  /// The layouts of images that the kernel reads and writes (`KernelArguments.layouts`). Elementwise operators take any, if it is
  /// the same for all; others none but the planar one unless they say so.
  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport

  /// Reverse mode: given the derivative of a scalar with respect to this output, its derivatives with respect to each
  /// input; nil means zero.
  /// - Throws: `GraphError.notDifferentiable`.
  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?]

  /// Forward mode: given the tangents of the inputs (nil means zero, not all are), the tangent of the output.
  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value?
}

extension Operator {
  public func scratchCount(inputs: [Shape], output: Shape) -> Int { 0 }
  public func sharedScratchCount(inputs: [Shape], output: Shape) -> Int { 0 }
  public func preparedCount(inputs: [Shape], output: Shape) -> Int { 0 }
  public func prepare(
    _ weights: UnsafePointer<Float>, inputs: [Shape], output: Shape, into prepared: UnsafeMutablePointer<Float>
  ) {}
  public var isElementwise: Bool { false }
  public var isView: Bool { false }
  public func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport {
    // Beside numbers that are the same for every element.
    guard isElementwise, output.rank == 4, inputs.allSatisfy({ $0 == output || $0.count == 1 }) else {
      return LayoutSupport()
    }
    return LayoutSupport(output: 0, likeOutput: inputs.indices.filter { inputs[$0] == output })
  }

  func mismatch(_ inputs: [Shape], _ reason: String) -> GraphError {
    .shape(operation: Self.name, inputs: inputs, reason: reason)
  }

  /// The output's shape where its extents come from attributes, which may be anything.
  func checkedShape(_ extents: [Int], _ inputs: [Shape]) throws(GraphError) -> Shape {
    guard let shape = Shape(checking: extents) else {
      throw mismatch(inputs, "\(extents) are not the extents of a tensor")
    }
    return shape
  }

  func requireArity(_ count: Int, _ inputs: [Shape]) throws(GraphError) {
    guard inputs.count == count else { throw mismatch(inputs, "takes \(count) inputs, got \(inputs.count)") }
  }
}
