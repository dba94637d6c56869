import Graph
import Tensor

/// How one ONNX operator becomes nodes of our graph, and in which opsets it means that.
struct ONNXOperator: Sendable {
  typealias Build = @Sendable (_ node: NodeContext, _ graph: inout Graph) throws -> [ImportedValue]

  /// What is done where the inputs are integers that are known, so that shapes stay exact.
  enum IntegerRule: Sendable {
    /// They become constants of the graph.
    case none
    /// The operator only moves elements of the inputs `data` (nil for all): the positions are moved, then looked up.
    case moves(data: [Int]?)
    /// Nil where the graph is to compute it after all.
    case computes(@Sendable (_ node: NodeContext, _ inputs: [IntegerTensor]) throws -> IntegerTensor?)
  }

  let name: String
  /// The opsets whose definition `build` follows.
  let opsets: ClosedRange<Int>
  let integers: IntegerRule
  let build: Build

  init(
    _ name: String, opsets: ClosedRange<Int> = ONNXOperators.opsets, integers: IntegerRule = .none,
    _ build: @escaping Build
  ) {
    self.name = name
    self.opsets = opsets
    self.integers = integers
    self.build = build
  }

  /// An operator with one output that is a real number per element.
  static func real(
    _ name: String, opsets: ClosedRange<Int> = ONNXOperators.opsets,
    _ build: @escaping @Sendable (_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value
  ) -> ONNXOperator {
    ONNXOperator(name, opsets: opsets) { node, graph in [.real(try build(node, &graph))] }
  }

  /// An operator with one output of the kind of input `data`.
  static func movement(
    _ name: String, opsets: ClosedRange<Int> = ONNXOperators.opsets, data: Int = 0,
    _ build: @escaping @Sendable (_ node: NodeContext, _ graph: inout Graph) throws -> Graph.Value
  ) -> ONNXOperator {
    ONNXOperator(name, opsets: opsets, integers: .moves(data: [data])) { node, graph in
      [.graph(try build(node, &graph), try node.input(data).kind)]
    }
  }
}

/// The table of operators.
package enum ONNXOperators {
  /// Since 7 operands broadcast by NumPy's rule. After 21, operators that are in this table only took further types and
  /// attributes.
  package static let opsets = 7...28

  static let all: [String: ONNXOperator] = {
    let families = [
      arithmetic, functions, activations, comparisons, convolutions, pooling, normalisation, products, reductions,
      reshaping, movement, coordinates, resizing, constants, attention, recurrences, ordering, gridSampling,
    ]
    return Dictionary(families.joined().map { ($0.name, $0) }) { first, _ in first }
  }()

  /// Name and domain of every operator, for tools that go through all of them.
  package static var names: [(name: String, domain: String)] {
    all.keys.sorted().map { ($0, "") } + machineLearning.keys.sorted().map { ($0, machineLearningDomain) }
  }

  /// Nil where the operator is not known.
  static func named(_ name: String, domain: String) -> ONNXOperator? {
    switch domain {
    case "": all[name]
    case machineLearningDomain: machineLearning[name]
    default: nil
    }
  }
}
